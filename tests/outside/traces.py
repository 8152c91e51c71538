"""The traces of an apply over twins, parsed with OpenTelemetry's own protocol buffers (`opentelemetry-proto`).

Usage: traces.py GAMCTL INVENTORY. The inventory is the one that `gamctl twin --write-inventory` wrote.
"""

import base64
import http.server
import json
import pathlib
import subprocess
import sys
import threading

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

program = pathlib.Path(sys.argv[1]).resolve()
inventory = pathlib.Path(sys.argv[2])
requests = []


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        requests.append((self.path, self.headers["content-type"], body))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()

settings = inventory / "gamctl.toml"
written = settings.read_text() if settings.exists() else ""
settings.write_text(f'{written}\n[telemetry]\notlp = "http://127.0.0.1:{server.server_port}"\n')
git = ["git", "-C", inventory, "-c", "user.name=Ann", "-c", "user.email=ann@example.net"]
subprocess.run([*git, "add", "-A"], check=True)
subprocess.run([*git, "commit", "-qm", "traces"], check=True)
done = subprocess.run(
    [program, "--config", settings.resolve(), "apply", "--yes"], cwd=inventory, capture_output=True, text=True, timeout=300
)
assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
assert requests, "no request reached the collector"


def with_octets(value, name=None):
    """The JSON of OTLP has ids as hexadecimal digits, where protocol buffers expect base64."""
    if isinstance(value, dict):
        return {key: with_octets(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_octets(inner) for inner in value]
    if name in ("traceId", "spanId", "parentSpanId"):
        return base64.b64encode(bytes.fromhex(value)).decode()
    return value


spans = []
for path, kind, body in requests:
    assert (path, kind) == ("/v1/traces", "application/json"), (path, kind)
    # A name that OTLP does not have, or a value of another type, is an error here.
    message = json_format.ParseDict(with_octets(json.loads(body)), ExportTraceServiceRequest())
    for resource in message.resource_spans:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        assert names["service.name"] == "gamctl" and names["service.version"], names
        for scope in resource.scope_spans:
            spans += scope.spans

by_id = {(span.trace_id, span.span_id): span for span in spans}
assert len(by_id) == len(spans), "an id is used twice"
for span in spans:
    assert len(span.trace_id) == 16 and len(span.span_id) == 8 and any(span.trace_id) and any(span.span_id)
    assert span.kind == Span.SPAN_KIND_INTERNAL and span.status.code != Status.STATUS_CODE_ERROR, span
    assert 1_600_000_000 * 10**9 < span.start_time_unix_nano <= span.end_time_unix_nano, span
    if span.parent_span_id:
        assert (span.trace_id, span.parent_span_id) in by_id, f"no parent of {span}"
roots = [span for span in spans if not span.parent_span_id]
assert [span.name for span in roots] == ["run"], roots
devices = [span for span in spans if span.name == "device"]
assert devices and all(span.parent_span_id == roots[0].span_id for span in devices)
steps = [span for span in spans if span.name == "step"]
assert steps and {span.parent_span_id for span in steps} <= {span.span_id for span in devices}
print(f"{len(spans)} spans of {len(devices)} devices in {len(requests)} requests fit OpenTelemetry's protocol buffers")
