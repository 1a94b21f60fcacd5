"""fastavro as it is: reads what Keryx wrote and writes the same values itself, one JSON line of cases at a time.

Question: {"schema": …, "cases": [{"bytes": hex, "value": …}, …]}. Bytes are hex, longs text, floats the hex of a double,
a union's value is {name of the branch: value}. Answer: {"bytes": [hex, …], "problems": [text, …]}.
"""

import io
import json
import struct
import sys

import fastavro


def collect(schema, namespace, named):
    """Every named type of a parsed schema by its full name."""
    if isinstance(schema, list):
        for one in schema:
            collect(one, namespace, named)
    elif isinstance(schema, dict):
        if "name" in schema:
            named[schema["name"]] = schema
        for field in schema.get("fields", []):
            collect(field["type"], namespace, named)
        for part in ("items", "values"):
            if part in schema:
                collect(schema[part], namespace, named)


def name_of(schema):
    if isinstance(schema, str):
        return schema
    return schema.get("name", schema["type"])


def build(schema, told, named, is_written):
    """The value as fastavro takes it; where it is only compared, unions do not name their branch."""
    if isinstance(schema, list):
        if told is None:
            return None
        ((name, inner),) = told.items()
        branch = next(one for one in schema if name_of(one) == name)
        value = build(branch, inner, named, is_written)
        return (name, value) if is_written else value
    kind = schema if isinstance(schema, str) else schema["type"]
    if kind in named and isinstance(schema, str):
        return build(named[kind], told, named, is_written)
    if kind in ("record", "error"):
        return {one["name"]: build(one["type"], told[one["name"]], named, is_written) for one in schema["fields"]}
    if kind == "array":
        return [build(schema["items"], one, named, is_written) for one in told]
    if kind == "map":
        return {key: build(schema["values"], one, named, is_written) for key, one in told.items()}
    if kind in ("bytes", "fixed"):
        return bytes.fromhex(told)
    if kind == "long":
        return int(told)
    if kind in ("float", "double"):
        return struct.unpack(">d", bytes.fromhex(told))[0]
    return told


def same(left, right):
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack(">d", left) == struct.pack(">d", right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return left == right


def answer(question):
    schema = fastavro.parse_schema(question["schema"])
    named = {}
    collect(schema, "", named)
    problems = []
    written = []
    for index, case in enumerate(question["cases"]):
        data = bytes.fromhex(case["bytes"])
        source = io.BytesIO(data)
        try:
            value = fastavro.schemaless_reader(source, schema)
            if source.tell() != len(data):
                problems.append(f"case {index}: {len(data) - source.tell()} bytes are left")
            elif not same(value, build(schema, case["value"], named, False)):
                problems.append(f"case {index}: read {value!r}"[:500])
            target = io.BytesIO()
            fastavro.schemaless_writer(target, schema, build(schema, case["value"], named, True))
            written.append(target.getvalue().hex())
        except Exception as error:
            problems.append(f"case {index}: {type(error).__name__}: {error}"[:500])
            written.append("")
    return {"bytes": written, "problems": problems[:10]}


print(json.dumps({"client": f"fastavro {fastavro.__version__}"}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
