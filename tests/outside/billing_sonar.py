"""The Sonar twin, read with a GraphQL client of another project (`gql`, which checks everything against the schema it fetched).

Usage: billing_sonar.py GAMCTL. Starts `gamctl twin billing --kind sonar`, introspects it, reads all accounts in pages and
every table whole, and compares both with the counters of the twin itself. Needs `gql[requests]` from PyPI.
"""

import json
import logging
import pathlib
import subprocess
import sys

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError, TransportServerError
from gql.transport.requests import RequestsHTTPTransport
from graphql import (
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    assert_valid_schema,
    get_named_type,
    print_ast,
)

logging.getLogger("gql").setLevel(logging.ERROR)
program = pathlib.Path(sys.argv[1]).resolve()
ACCOUNTS = 130
PAGE = 17

twin = subprocess.Popen(
    [program, "twin", "billing", "--kind", "sonar", "--accounts", str(ACCOUNTS), "--seed", "5", "--port", "0", "--json"],
    stdout=subprocess.PIPE,
    text=True,
)


def first_document(lines):
    text = ""
    for line in lines:
        text += line
        try:
            return json.loads(text)
        except ValueError:
            pass
    sys.exit("the twin ended before it was ready")


def connect(token, validates=True):
    transport = RequestsHTTPTransport(
        url=ready["address"] + "/api/graphql", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    return Client(transport=transport, fetch_schema_from_transport=validates)


def scalars(kind):
    """The fields of a type without arguments and without a selection."""
    leaf = (GraphQLScalarType, GraphQLEnumType)
    return {name: field for name, field in kind.fields.items() if isinstance(get_named_type(field.type), leaf) and not field.args}


def check_page(page, number, size):
    info = page["page_info"]
    assert info["page"] == number and info["records_per_page"] == size, info
    assert info["total_pages"] == max(1, -(-info["total_count"] // size)), info
    assert len(page["entities"]) == max(0, min(size, info["total_count"] - size * (number - 1))), info


try:
    ready = first_document(twin.stdout)
    token = ready["login"]["token"]

    def counters():
        command = [program, "twin", "ctl", "--control", ready["control"], "billing", "counters", "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)

    with connect(token) as session:
        schema = session.client.schema
        assert_valid_schema(schema)
        for name in ("Account", "AccountService", "Address", "InventoryItem", "Search", "ReverseRelationFilter", "Int64Bit"):
            assert name in schema.type_map, name

        # All accounts, page by page, with a search that every one of them fits.
        accounts = gql(
            """
            query Accounts($page: Paginator!, $search: [Search], $data: [ReverseRelationFilter]) {
              accounts(paginator: $page, search: $search, sorter: [{attribute: "id", direction: ASC}]) {
                page_info { page total_pages total_count records_per_page }
                entities { ...Row account_status { activates_account }
                  account_services(reverse_relation_filters: $data, paginator: {page: 1, records_per_page: 100}) {
                    page_info { total_count } entities { id service(type: DATA) { id __typename } } }
                  addresses(serviceable: true, type: PHYSICAL) { entities { inventory_items { entities {
                    id inventoryitemable { ... on Address { id line2 } __typename }
                    inventory_model_field_data { entities { value inventory_model_field { type primary } } } } } } } } } }
            fragment Row on Account { id name _version updated_at is_delinquent activation_date }
            """
        )
        data = {"string_fields": {"attribute": "type", "search_value": "DATA", "match": True, "partial_matching": False}}
        found, services, items, macs = {}, set(), set(), set()
        number = 0
        while True:
            number += 1
            accounts.variable_values = {
                "page": {"page": number, "records_per_page": PAGE},
                "search": {"exists": "id"},
                "data": {"relation": "service", "search": data},
            }
            page = session.execute(accounts)["accounts"]
            check_page(page, number, PAGE)
            assert page["page_info"]["total_count"] == ACCOUNTS
            for one in page["entities"]:
                assert isinstance(one["id"], str) and one["id"] not in found, one
                assert isinstance(one["account_status"]["activates_account"], bool)
                found[one["id"]] = one
                assert one["account_services"]["page_info"]["total_count"] == len(one["account_services"]["entities"])
                for service in one["account_services"]["entities"]:
                    assert service["service"]["__typename"] == "Service"
                    services.add(service["id"])
                for address in one["addresses"]["entities"]:
                    for item in address["inventory_items"]["entities"]:
                        assert item["inventoryitemable"]["__typename"] == "Address"
                        items.add(item["id"])
                        for value in item["inventory_model_field_data"]["entities"]:
                            if value["inventory_model_field"]["type"] == "MAC_ADDRESS":
                                macs.add(value["value"])
            if number > page["page_info"]["total_pages"]:
                assert page["entities"] == []
                break
        assert list(found) == sorted(found, key=int) and len(found) == ACCOUNTS
        assert len(macs) > ACCOUNTS // 2, len(macs)

        # Every table whole, every value fitting its type, as many rows as the twin itself counts.
        rows = counters()["rows"]
        tables = {}
        for root, field in schema.query_type.fields.items():
            kind = get_named_type(field.type)
            if not isinstance(kind, GraphQLObjectType) or "page_info" not in kind.fields:
                continue
            entity = get_named_type(kind.fields["entities"].type)
            archived = "include_archived: true, " if "include_archived" in field.args else ""
            table = session.execute(
                gql(
                    f"{{ {root}({archived}paginator: {{page: 1, records_per_page: 100000}}) {{ page_info {{ page total_pages total_count"
                    f" records_per_page }} entities {{ {' '.join(scalars(entity))} }} }} }}"
                ),
                parse_result=True,
            )[root]
            check_page(table, 1, 100000)
            assert table["page_info"]["total_count"] == rows[entity.name], (root, rows[entity.name])
            for row in table["entities"]:
                for name, value in row.items():
                    kind = entity.fields[name].type
                    assert value is not None or not isinstance(kind, GraphQLNonNull), (root, name)
                    if value is not None and isinstance(get_named_type(kind), GraphQLEnumType):
                        assert value in get_named_type(kind).values, (root, name, value)
            tables[root] = {row["id"]: row for row in table["entities"]}
        assert set(found) == {key for key, row in tables["accounts"].items() if row["archived_at"] is None}
        for key, one in found.items():
            assert {name: one[name] for name in ("name", "_version", "is_delinquent")}.items() <= tables["accounts"][key].items()
        listed = {key for key, row in tables["account_services"].items() if row["account_id"] in found}
        kinds = {key: row["type"] for key, row in tables["services"].items()}
        assert services == {key for key in listed if kinds[tables["account_services"][key]["service_id"]] == "DATA"}
        assert items <= set(tables["inventory_items"])

        # A write with variables, seen by the next read and in the log.
        note = gql(
            "mutation Note($message: Text!, $on: Int64Bit!) { createNote(input: {message: $message, noteable_type: Account,"
            " noteable_id: $on, priority: NORMAL}) { id message noteable { ... on Account { id } } } }"
        )
        note.variable_values = {"message": "from outside: \"é\" \n", "on": 1001}
        made = session.execute(note)["createNote"]
        assert made["noteable"]["id"] == "1001" and made["message"] == note.variable_values["message"], made
        log = session.execute(gql('{ logs(type: CREATED, logged_entity_type: "Note") { entities { logged_entity_id } } }'))
        assert log["logs"]["entities"] == [{"logged_entity_id": made["id"]}], log

    # What the client would have refused by itself, refused by the twin with line and column.
    with connect(token, validates=False) as session:
        wrong = gql("{ accounts { entities { id status } } }")
        # The client sends the document as it prints it.
        lines = print_ast(wrong.document).splitlines()
        line = next(number for number, text in enumerate(lines, 1) if "status" in text)
        try:
            session.execute(wrong)
            sys.exit("an unknown field was accepted")
        except TransportQueryError as error:
            (entry,) = error.errors
            assert entry["message"] == 'Cannot query field "status" on type "Account".', entry
            assert entry["locations"] == [{"line": line, "column": lines[line - 1].index("status") + 1}], entry
    with connect("a.b.c", validates=False) as session:
        try:
            session.execute(gql("{ me { id } }"))
            sys.exit("a wrong token was accepted")
        except TransportServerError as error:
            assert error.code == 401, error
    counted = counters()
    assert counted["billing_mutations"] == 0 and counted["mutations"] == {"createNote": 1}, counted
    print(f"{len(schema.type_map)} types, {sum(len(table) for table in tables.values())} rows in {len(tables)} tables, {number} pages of accounts")
finally:
    twin.terminate()
    twin.wait(timeout=30)
