"""confluent-kafka's registry client, as it is: its serializers against the registry at REGISTRY_URL."""

import json
import os
import sys
from importlib.metadata import version

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry import header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

PAID = json.dumps(
    {
        "type": "record",
        "name": "Paid",
        "namespace": "peer.v1",
        "fields": [{"name": "id", "type": "string"}, {"name": "cents", "type": "long"}],
    }
)
count = 0


def client():
    return SchemaRegistryClient({"url": os.environ["REGISTRY_URL"]})


def topic():
    global count
    count += 1
    return f"python-{os.getpid()}-{count}"


def same(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found!r} instead of {wanted!r}")


def order_class():
    """A second message of a file that imports another one."""
    kinds = descriptor_pb2.FieldDescriptorProto
    money = descriptor_pb2.FileDescriptorProto(name="peer/v1/money.proto", package="peer.v1", syntax="proto3")
    money.message_type.add(name="Money").field.add(
        name="cents", number=1, type=kinds.TYPE_INT64, label=kinds.LABEL_OPTIONAL
    )
    order = descriptor_pb2.FileDescriptorProto(name="peer/v1/order.proto", package="peer.v1", syntax="proto3")
    order.dependency.extend([money.name, "google/protobuf/timestamp.proto"])
    order.message_type.add(name="Other")
    message = order.message_type.add(name="Order")
    for number, (name, kind, type_name) in enumerate(
        [
            ("id", kinds.TYPE_STRING, None),
            ("total", kinds.TYPE_MESSAGE, ".peer.v1.Money"),
            ("at", kinds.TYPE_MESSAGE, ".google.protobuf.Timestamp"),
        ],
        1,
    ):
        message.field.add(name=name, number=number, type=kind, type_name=type_name, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    stamp = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(stamp)
    for one in (stamp, money, order):
        pool.Add(one)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("peer.v1.Order"))


def avro_as_it_is():
    context = SerializationContext(topic(), MessageField.VALUE)
    data = AvroSerializer(client(), PAID)({"id": "p-1", "cents": 420}, context)
    same(data[0], 0, "the magic byte")
    same(AvroDeserializer(client())(data, context), {"id": "p-1", "cents": 420}, "what was read")


def avro_header():
    context = SerializationContext(topic(), MessageField.VALUE, headers=[])
    settings = {"schema.id.serializer": header_schema_id_serializer}
    data = AvroSerializer(client(), PAID, conf=settings)({"id": "p-1", "cents": 420}, context)
    same([name for name, _ in context.headers], ["__value_schema_id"], "headers")
    same(AvroDeserializer(client())(data, context), {"id": "p-1", "cents": 420}, "what was read")


def avro_reference():
    registry, name = client(), topic()
    registry.register_schema(f"{name}-paid", Schema(PAID, "AVRO"))
    order = {"type": "record", "name": "Order", "fields": [{"name": "paid", "type": "peer.v1.Paid"}]}
    references = [SchemaReference("peer.v1.Paid", f"{name}-paid", 1)]
    schema = Schema(json.dumps(order), "AVRO", references)
    context = SerializationContext(name, MessageField.VALUE)
    value = {"paid": {"id": "p-1", "cents": 420}}
    data = AvroSerializer(registry, schema)(value, context)
    same(AvroDeserializer(client())(data, context), value, "what was read")


def protobuf(settings, headers):
    kind = order_class()
    message = kind(id="o-1")
    message.total.cents = 7
    message.at.seconds = 9
    name = topic()
    context = SerializationContext(name, MessageField.VALUE, headers=headers)
    data = ProtobufSerializer(kind, client(), {"use.deprecated.format": False, **settings})(message, context)
    reader = ProtobufDeserializer(kind, {"use.deprecated.format": False}, client())
    same(reader(data, context), message, "what was read")
    return name, data


def protobuf_as_it_is():
    name, data = protobuf({}, None)
    same(data[5:7], b"\x02\x02", "indexes of the second message")
    text = client().get_latest_version(f"{name}-value").schema.schema_str
    same("message Order {" in text, True, "a text is kept")


def protobuf_header():
    headers = []
    protobuf({"schema.id.serializer": header_schema_id_serializer}, headers)
    same([name for name, _ in headers], ["__value_schema_id"], "headers")


def client_calls():
    registry, subject = client(), f"{topic()}-value"
    registry.set_compatibility(subject, "FULL")
    same(registry.get_compatibility(subject), "FULL", "the level")
    registered = registry.register_schema_full_response(subject, Schema(PAID, "AVRO"))
    same(registry.get_schema_by_guid(registered.guid).schema_str, registry.get_schema(registered.schema_id).schema_str, "GUID")
    same(registry.lookup_schema(subject, Schema(PAID, "AVRO")).version, 1, "found by content")
    changed = Schema(PAID.replace('"long"', '"string"'), "AVRO")
    same(registry.test_compatibility(subject, changed), False, "compatible")
    try:
        registry.register_schema(subject, changed)
        raise AssertionError("it was not refused")
    except SchemaRegistryError as error:
        same(error.http_status_code, 409, "the status of a refusal")
    same(subject in registry.get_subjects(), True, "listed")
    same(registry.delete_subject(subject), [1], "deleted")
    same(registry.delete_subject(subject, permanent=True), [1], "deleted for good")


operations = {
    "avro, settings as they are": avro_as_it_is,
    "avro, the GUID in a header": avro_header,
    "avro, with a reference": avro_reference,
    "protobuf, settings as they are": protobuf_as_it_is,
    "protobuf, the GUID in a header": protobuf_header,
    "what the client asks": client_calls,
}

print(json.dumps({"client": f"confluent-kafka {version('confluent-kafka')} (Python)"}), flush=True)
for name, run in operations.items():
    told = {"name": name}
    try:
        run()
    except Exception as error:  # Whatever a client of others throws is a result.
        told["failure"] = f"{type(error).__name__}: {error}"
    print(json.dumps(told), flush=True)
sys.exit(0)
