"""Answers KQL with duckdb-kql, a KQL engine that is not ours, on rows that it is given.

Reads JSON, one value a line. First the tables: {name: {"columns": {name: DuckDB type}, "rows": [{...}]}}. Then query texts,
each a JSON string. Writes a line per text: {"columns": [[name, KQL type]], "rows": [[...]]} or {"error": text}.
"""

import datetime
import json
import os
import sys
import tempfile

import duckdb_kql

KQL_TYPES = {"VARCHAR": "string", "TIMESTAMP": "datetime", "BIGINT": "long", "HUGEINT": "long", "INTEGER": "int"}


def fill(connection, name, table):
    """Makes a table of rows; a column that a row lacks is null there."""
    columns = ", ".join(f"'{column}': '{kind}'" for column, kind in table["columns"].items())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.json")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in table["rows"])
        source = f"read_json('{path}', columns={{{columns}}}, format='newline_delimited')"
        connection.sql(f'CREATE TABLE "{name}" AS SELECT * FROM {source}')


def shown(value):
    """A value as the query service writes it."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    return value


def answer(connection, text):
    """The rows of a query text, or why there are none."""
    try:
        found = duckdb_kql.query(connection, text)
        columns = [[name, KQL_TYPES.get(str(kind), str(kind))] for name, kind in zip(found.columns, found.types)]
        return {"columns": columns, "rows": [[shown(value) for value in row] for row in found.fetchall()]}
    except Exception as error:  # whatever it is, the test must see it
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    connection = duckdb_kql.connect()
    for name, table in json.loads(sys.stdin.readline()).items():
        fill(connection, name, table)
    for line in sys.stdin:
        print(json.dumps(answer(connection, json.loads(line))), flush=True)


main()
