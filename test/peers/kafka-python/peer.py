"""kafka-python does the operations of ../operations.ts."""

import time

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition, __version__
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import InvalidProducerEpochError, KafkaError, ProducerFencedError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from program import (
    BROKERS, CA_FILE, PASSWORD, SASL_BROKERS, TLS_BROKERS, USER, VALUES,
    eventually, refused, run_operations, same, unique,
)

PLAIN = {"bootstrap_servers": BROKERS, "client_id": "kafka-python-peer"}


def topic(name, partitions=1, base=PLAIN):
    made = unique(name)
    with KafkaAdminClient(**base) as admin:
        # It takes the embedded broker for Kafka 2.3, which wants both numbers.
        numbers = {"num_partitions": partitions, "replication_factor": 1}
        admin.create_topics({made: numbers}, wait_for_metadata=True)
    return made


def send(name, records, base=PLAIN, **config):
    producer = KafkaProducer(**base, **{"linger_ms": 20, **config})
    sent = []
    for record in records:
        record = record if isinstance(record, dict) else {"value": record}
        value = record.pop("value")
        sent.append(producer.send(name, value=value if value is None else value.encode(), **record))
    producer.flush(20)
    for one in sent:
        one.get(10)
    producer.close()


def consumer(group, *topics, base=PLAIN, **config):
    return KafkaConsumer(*topics, **base, **{
        "group_id": group, "auto_offset_reset": "earliest", "enable_auto_commit": False,
        "fetch_max_wait_ms": 100, "isolation_level": "read_committed", "heartbeat_interval_ms": 200, **config,
    })


def take(of, until, seconds=30):
    """Records until the condition holds for what was taken."""
    found = []
    end = time.time() + seconds
    while not until(found):
        if time.time() > end:
            raise AssertionError(f"waited in vain, {len(found)} records came")
        # Not shorter: kafka-python 3.0.12 loses a rebalance for good when a poll ends in the middle of it (1 group in 85
        # when it ends with the backoff of 100 ms), although every answer came.
        for records in of.poll(1000).values():
            found.extend(records)
    return found


def read_until(name, last, base=PLAIN, group=None, **config):
    reader = consumer(group or unique(f"read-{name}"), name, base=base, **config)
    try:
        return take(reader, lambda found: found and found[-1].value == last.encode())
    finally:
        reader.close()


def texts(records):
    return [record.value.decode() for record in records]


def round_trip(name, base=PLAIN, **config):
    made = topic(name, base=base)
    send(made, VALUES, base, **config)
    same(texts(read_until(made, VALUES[-1], base)), VALUES, "values")


def record_parts():
    made = topic("parts")
    at = int(time.time() * 1000) - 5000
    headers = [("bytes", b"\x00\xff\x01"), ("empty", b"")]
    send(made, [
        {"value": "a", "headers": headers, "timestamp_ms": at},
        {"key": b"k", "value": None}, {"value": "end"},
    ])
    first, second, _ = read_until(made, "end")
    same((first.key, first.value, first.timestamp, list(map(tuple, first.headers))), (None, b"a", at, headers), "first")
    same((second.key, second.value), (b"k", None), "second")


def group_consume():
    made = topic("group", 2)

    def member(count):
        one = consumer(unique("group-g"), made)
        found = texts(take(one, lambda found: len(found) >= count))
        one.commit()
        one.close()
        return sorted(found)

    send(made, [{"value": v, "partition": at % 2} for at, v in enumerate("abcd")])
    same(member(4), list("abcd"), "first member")
    send(made, [{"value": v, "partition": at % 2} for at, v in enumerate("efg")])
    same(member(3), list("efg"), "second member")


def rebalance():
    made = topic("rebalance", 4)

    def member():
        return consumer(unique("rebalance-g"), made, session_timeout_ms=6000)

    def owned(one):
        one.poll(300)
        return len(one.assignment())

    first = member()
    eventually(lambda: owned(first) == 4, "one member owns all")
    second = member()
    eventually(lambda: (owned(first), owned(second)) == (2, 2), "two members own two each")
    numbers = sorted(one.partition for member in (first, second) for one in member.assignment())
    same(numbers, [0, 1, 2, 3], "partitions")
    second.close()
    eventually(lambda: owned(first) == 4, "the one that stays owns all")
    first.close()


def seek():
    made = topic("seek")
    send(made, VALUES)
    reader = consumer(unique("seek-g"), made)
    take(reader, lambda found: len(found) == 20)
    reader.seek(TopicPartition(made, 0), 3)
    found = take(reader, lambda found: len(found) == 17)
    same((found[0].offset, found[-1].offset), (3, 19), "offsets after the seek")
    reader.close()


def pause():
    made = topic("pause", 2)
    reader = consumer(unique("pause-g"), made)
    eventually(lambda: not reader.poll(300) and len(reader.assignment()) == 2, "both partitions")
    reader.pause(TopicPartition(made, 0))
    send(made, [{"value": "x", "partition": 0}, {"value": "x", "partition": 1}])
    same([one.partition for one in take(reader, lambda found: found)], [1], "while paused")
    same(len(reader.poll(500)), 0, "while paused")
    reader.resume(TopicPartition(made, 0))
    same([one.partition for one in take(reader, lambda found: found)], [0], "after resuming")
    reader.close()


def commit_metadata():
    made = topic("metadata")
    send(made, VALUES)
    reader = consumer(unique("metadata-g"), made)
    take(reader, lambda found: found)
    reader.commit({TopicPartition(made, 0): OffsetAndMetadata(5, "märk", -1)})
    found = reader.committed(TopicPartition(made, 0), metadata=True)
    same((found.offset, found.metadata), (5, "märk"), "committed")
    reader.close()


def offset_for_time():
    made = topic("time")
    now = int(time.time() * 1000)
    for ago in (3000, 2000, 1000):
        send(made, [{"value": "x", "timestamp_ms": now - ago}])
    partition = TopicPartition(made, 0)
    reader = consumer(unique("time-g"))
    same(reader.offsets_for_times({partition: now - 2500})[partition].offset, 1, "offset")
    same(reader.end_offsets([partition])[partition], 3, "end")
    reader.close()


def admin_topics():
    made = unique("topics")
    with KafkaAdminClient(**PLAIN) as admin:
        new = {made: {"num_partitions": 3, "replication_factor": 1, "configs": {"retention.ms": "60000"}}}
        admin.create_topics(new, wait_for_metadata=True)
        error = refused(lambda: admin.create_topics(new), "the same topic")
        same(isinstance(error, TopicAlreadyExistsError), True, f"the error {error!r}")
        same(made in admin.list_topics(), True, "listed")
        same(len(admin.describe_topics([made])[0]["partitions"]), 3, "partitions")
        admin.delete_topics([made])
        eventually(lambda: made not in admin.list_topics(), "the topic is gone")


def admin_partitions():
    made = topic("partitions")
    with KafkaAdminClient(**PLAIN) as admin:
        admin.create_partitions({made: 4})
        eventually(lambda: len(admin.describe_topics([made])[0]["partitions"]) == 4, "four partitions")


def admin_configs():
    made = topic("configs")
    with KafkaAdminClient(**PLAIN) as admin:

        def read():
            asked = ConfigResource(ConfigResourceType.TOPIC, made)
            found = admin.describe_configs([asked], config_filter="all")
            return next(iter(found.values()))[made]["retention.ms"]["value"]

        same(str(read()), "604800000", "default")
        changed = ConfigResource(ConfigResourceType.TOPIC, made, {"retention.ms": "12345"})
        admin.alter_configs([changed])
        eventually(lambda: str(read()) == "12345", "the setting is changed")


def admin_records():
    made = topic("records")
    send(made, VALUES)
    partition = TopicPartition(made, 0)
    with KafkaAdminClient(**PLAIN) as admin:
        admin.delete_records({partition: 4})
    reader = consumer(unique("records-g"))
    same(reader.beginning_offsets([partition])[partition], 4, "start")
    reader.close()


def admin_groups():
    made = topic("groups")
    group = unique("groups-g")
    send(made, ["end"])
    reader = consumer(group, made)
    take(reader, lambda found: found)
    reader.commit()
    reader.close()
    with KafkaAdminClient(**PLAIN) as admin:

        def listed():
            return group in [one["group_id"] for one in admin.list_groups()]

        same(listed(), True, "listed")
        same(admin.describe_groups([group])[group]["group_state"], "Empty", "state")
        same(admin.list_group_offsets(group)[group][TopicPartition(made, 0)].offset, 1, "offset")
        admin.delete_groups([group])
        same(listed(), False, "listed after it was deleted")


def idempotence():
    made = topic("idempotence")
    send(made, VALUES, enable_idempotence=True, batch_size=600)
    same(texts(read_until(made, VALUES[-1])), VALUES, "values")


def transactional(name):
    producer = KafkaProducer(**PLAIN, transactional_id=unique(name))
    producer.init_transactions()
    return producer


def transaction(producer, made, values, end):
    producer.begin_transaction()
    sent = [producer.send(made, value.encode(), partition=partition) for partition, value in values]
    for one in sent:
        one.get(10)
    getattr(producer, f"{end}_transaction")()


def transaction_commit():
    made = topic("commit", 2)
    transaction(transactional("commit-t"), made, [(0, "a"), (1, "b")], "commit")
    reader = consumer(unique("commit-g"), made)
    same(sorted(texts(take(reader, lambda found: len(found) == 2))), ["a", "b"], "values")
    reader.close()


def transaction_abort():
    made = topic("abort")
    producer = transactional("abort-t")
    for value, end in (("a", "commit"), ("b", "abort"), ("c", "commit")):
        transaction(producer, made, [(0, value)], end)
    same(texts(read_until(made, "c")), ["a", "c"], "committed")
    all_of_it = read_until(made, "c", group=unique("abort-all"), isolation_level="read_uncommitted")
    same(texts(all_of_it), ["a", "b", "c"], "uncommitted")


def transaction_offsets():
    made = topic("offsets")
    send(made, VALUES)
    partition = TopicPartition(made, 0)
    member = consumer(unique("offsets-g"), made)
    take(member, lambda found: found)
    producer = transactional("offsets-t")
    for offset, end in ((3, "commit"), (7, "abort")):
        producer.begin_transaction()
        producer.send(made, b"x").get(10)
        offsets = {partition: OffsetAndMetadata(offset, "", -1)}
        producer.send_offsets_to_transaction(offsets, member.group_metadata())
        getattr(producer, f"{end}_transaction")()
        eventually(lambda: member.committed(partition) == 3, "the committed offset")
    member.close()


def transaction_fencing():
    made = topic("fencing")
    first = transactional("fencing-t")
    first.begin_transaction()
    first.send(made, b"lost").get(10)
    transaction(transactional("fencing-t"), made, [(0, "kept")], "commit")
    error = refused(first.commit_transaction, "the first producer")
    fenced = isinstance(error, (ProducerFencedError, InvalidProducerEpochError))
    same(fenced or "Fenced" in repr(error), True, f"the error {error!r}")
    same(texts(read_until(made, "kept")), ["kept"], "values")


def sasl(mechanism, password=PASSWORD):
    return {
        **PLAIN, "bootstrap_servers": SASL_BROKERS, "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": mechanism, "sasl_plain_username": USER, "sasl_plain_password": password,
    }


def sasl_refused():
    wrong = {**sasl("PLAIN", "wrong"), "bootstrap_timeout_ms": 3000}
    error = refused(lambda: KafkaAdminClient(**wrong).list_topics(), "a wrong password")
    same(isinstance(error, KafkaError), True, f"the error {error!r}")


def tls():
    round_trip("tls", {
        **PLAIN, "bootstrap_servers": TLS_BROKERS, "security_protocol": "SSL", "ssl_cafile": CA_FILE,
    })


run_operations(f"kafka-python {__version__}", {
    "produce-none": lambda: round_trip("none"),
    **{
        f"produce-{codec}": lambda codec=codec: round_trip(codec, compression_type=codec)
        for codec in ("gzip", "snappy", "lz4", "zstd")
    },
    "acks-0": lambda: round_trip("acks0", acks=0),
    "acks-1": lambda: round_trip("acks1", acks=1),
    "acks-all": lambda: round_trip("acksall", acks="all"),
    "record-parts": record_parts,
    "group-consume": group_consume,
    "rebalance": rebalance,
    "seek": seek,
    "pause": pause,
    "commit-metadata": commit_metadata,
    "offset-for-time": offset_for_time,
    "admin-topics": admin_topics,
    "admin-partitions": admin_partitions,
    "admin-configs": admin_configs,
    "admin-records": admin_records,
    "admin-groups": admin_groups,
    "idempotence": idempotence,
    "transaction-commit": transaction_commit,
    "transaction-abort": transaction_abort,
    "transaction-offsets": transaction_offsets,
    "transaction-fencing": transaction_fencing,
    "sasl-plain": lambda: round_trip("plain", sasl("PLAIN")),
    "sasl-scram-256": lambda: round_trip("scram256", sasl("SCRAM-SHA-256")),
    "sasl-scram-512": lambda: round_trip("scram512", sasl("SCRAM-SHA-512")),
    "sasl-refused": sasl_refused,
    "tls": tls,
})
