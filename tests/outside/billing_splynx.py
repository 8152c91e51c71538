"""Tests the Splynx twin with Python's standard library: three logins, brackets, keyset pages, PUT, hooks with their signature."""

import base64
import hashlib
import hmac
import http.server
import json
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

from outside import Checks, run

program, control = sys.argv[1:3]
checks = Checks()
hooks = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    """Receives hooks with their raw bodies."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        hooks.put((self.headers["X-Splynx-Signature"], body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
hook = f"http://127.0.0.1:{receiver.server_port}/hook"
command = [program, "twin", "billing", "--kind", "splynx", "--accounts", "60", "--control", control, "--hook", hook, "--format", "json"]
twin = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
ready, text = None, ""
while ready is None:
    line = twin.stdout.readline()
    assert line, "the twin ended before it was ready"
    text += line
    try:
        ready = json.loads(text)
    except ValueError:
        continue
key, secret = ready["login"]["key"], ready["login"]["secret"]
base = ready["address"] + "/api/2.0/admin/"


def ask(method, path, query=None, body=None, login="", agent="outside"):
    address = base + path + ("?" + urllib.parse.urlencode(query) if query else "")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Authorization": login, "User-Agent": agent, "Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            status, headers, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, headers, text = error.code, error.headers, error.read()
    return status, headers, json.loads(text) if text else None


def signed(nonce):
    return hmac.new(secret.encode(), f"{nonce}{key}".encode(), hashlib.sha256).hexdigest().upper()


def ctl(*words):
    status, text = run(program, "twin", "ctl", "--control", control, "billing", *words, "--format", "json")
    assert status == 0, text
    return json.loads(text)


try:
    # Basic needs the switch; a signature needs a nonce that grows.
    basic = "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()
    checks.that("Basic is refused without Unsecure access", ask("GET", "tariffs/internet", login=basic)[0] == 401)
    ctl("edit", "key/unsecure", "true")
    checks.that("Basic is accepted with it", ask("GET", "tariffs/internet", login=basic)[0] == 200)
    fields = {"key": key, "nonce": 7, "signature": signed(7)}
    header = f"Splynx-EA ({urllib.parse.urlencode(fields)})"
    checks.that("a signature is accepted", ask("GET", "tariffs/internet", login=header)[0] == 200)
    checks.that("and not twice", ask("GET", "tariffs/internet", login=header)[0] == 401)

    # A token, bound to the User-Agent, and its renewal.
    login = {"auth_type": "api_key", "key": key, "nonce": 8, "signature": signed(8)}
    status, _, pair = ask("POST", "auth/tokens", body=login)
    checks.that("a token is made with 201", status == 201, pair)
    token = f"Splynx-EA (access_token={pair['access_token']})"
    checks.that("a token is accepted", ask("GET", "tariffs/internet", login=token)[0] == 200)
    status, _, error = ask("GET", "tariffs/internet", login=token, agent="another")
    checks.that("another User-Agent is refused", (status, error["error"]["internal_code"]) == (401, "USER_AGENT_CHANGED"), error)
    status, _, renewed = ask("GET", f"auth/tokens/{pair['refresh_token']}")
    checks.that("renewal replaces both tokens", status == 200 and not set(renewed.values()) & {pair["access_token"], pair["refresh_token"]}, renewed)
    checks.that("the earlier token is refused", ask("GET", "tariffs/internet", login=token)[0] == 401)
    token = f"Splynx-EA (access_token={renewed['access_token']})"

    # All services by key, against the count; without a filter there is an error.
    services = "customers/customer/0/internet-services"
    status, _, error = ask("GET", services, login=token)
    checks.that("all services need a filter", status == 500 and isinstance(error, dict), error)
    found, last = [], 0
    while True:
        query = {"main_attributes[id][0]": ">", "main_attributes[id][1]": last, "order[id]": "ASC", "limit": 9}
        page = ask("GET", services, query, login=token)[2]
        if not page:
            break
        found += [int(service["id"]) for service in page]
        last = found[-1]
    _, headers, _ = ask("HEAD", services, {"main_attributes[id][0]": ">", "main_attributes[id][1]": 0}, login=token)
    checks.that("pages by key have every service once", len(found) == len(set(found)) == int(headers["X-total-count"]), found)
    active = {"main_attributes[status][0]": "IN", "main_attributes[status][1][0]": "active", "main_attributes[status][1][1]": "stopped"}
    statuses = {service["status"] for service in ask("GET", services, active, login=token)[2]}
    checks.that("IN selects statuses", statuses <= {"active", "stopped"} and statuses, statuses)

    # A sale, a written field, and a signed hook for each change.
    sold = ctl("sell", "--tariff", "31", "--mac", "00:0e:d8:2a:01:46")
    path = f"customers/customer/{sold['account']}/internet-services--{sold['service']}"
    status, _, _ = ask("PUT", path, body={"access_device": 12, "additional_attributes": {"gam_vlan": "101", "other": "1"}}, login=token)
    read = ask("GET", path, login=token)[2]
    checks.that("PUT answers 202 and drops what is not defined", (status, read["additional_attributes"]) == (202, {"gam_vlan": "101"}), read)
    ctl("block", str(sold["account"]))
    models = []
    for _ in range(4):
        signature, body = hooks.get(timeout=30)
        expected = hmac.new(ready["hook_secret"].encode(), body, hashlib.sha1).hexdigest()
        checks.that("a hook is signed with SHA-1 over its raw body", hmac.compare_digest(signature, expected), body)
        models.append(json.loads(body)["data"]["model"].split("\\")[-1])
    checks.that("each change has a hook", sorted(models) == ["Customers", "Customers", "ServicesInternet", "ServicesInternet"], models)
    checks.that("nothing here bills", ctl("counters")["bills"] == {})
finally:
    twin.terminate()
checks.that("the twin stops cleanly", twin.wait(timeout=20) == 0)
checks.finish("billing_splynx")
