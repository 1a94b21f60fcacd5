"""confluent-kafka (librdkafka) does the operations of ../operations.ts."""

import time

import confluent_kafka as ck
from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, Producer, TopicPartition
from confluent_kafka import admin as ka

from program import (
    BROKERS, CA_FILE, PASSWORD, SASL_BROKERS, TLS_BROKERS, USER, VALUES,
    eventually, refused, run_operations, same, unique,
)

PLAIN = {"bootstrap.servers": BROKERS, "log_level": 0, "client.id": "librdkafka-peer"}


def admin(base=PLAIN):
    return ka.AdminClient(dict(base))


def done(futures):
    """The results of an admin call, one for each thing that was asked for."""
    return {key: future.result(20) for key, future in futures.items()}


def topic(name, partitions=1, base=PLAIN):
    made = unique(name)
    # A client without a name would be gone before its answer comes.
    client = admin(base)
    done(client.create_topics([ka.NewTopic(made, partitions, 1)]))
    return made


def send(name, records, base=PLAIN, **config):
    producer = Producer({**base, **config})
    failures = []
    for record in records:
        record = record if isinstance(record, dict) else {"value": record}
        producer.produce(name, on_delivery=lambda error, _: error and failures.append(error), **record)
    same(producer.flush(20), 0, "records left")
    same(failures, [], "failures")


def consumer(group, base=PLAIN, **config):
    return Consumer({
        **base, "group.id": group, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 100,
        "enable.auto.commit": False, **config,
    })


def take(of, until, seconds=30):
    """Messages until the condition holds for what was taken."""
    found = []
    end = time.time() + seconds
    while not until(found):
        if time.time() > end:
            raise AssertionError(f"waited in vain, {len(found)} records came")
        message = of.poll(0.1)
        if message is None:
            continue
        if message.error():
            raise KafkaException(message.error())
        found.append(message)
    return found


def read_until(name, last, base=PLAIN, group=None, **config):
    reader = consumer(group or unique(f"read-{name}"), base, **config)
    reader.subscribe([name])
    wanted = last.encode()
    try:
        return take(reader, lambda found: found and found[-1].value() == wanted)
    finally:
        reader.close()


def texts(messages):
    return [message.value().decode() for message in messages]


def round_trip(name, base=PLAIN, **config):
    made = topic(name, base=base)
    send(made, VALUES, base, **config)
    same(texts(read_until(made, VALUES[-1], base)), VALUES, "values")


def record_parts():
    made = topic("parts")
    at = int(time.time() * 1000) - 5000
    headers = [("bytes", b"\x00\xff\x01"), ("empty", b""), ("none", None)]
    send(made, [
        {"value": "a", "headers": headers, "timestamp": at}, {"key": "k", "value": None}, {"value": "end"},
    ])
    first, second, _ = read_until(made, "end")
    same((first.key(), first.value(), first.timestamp()[1], first.headers()), (None, b"a", at, headers), "first")
    same((second.key(), second.value()), (b"k", None), "second")


def group_consume():
    made = topic("group", 2)

    def member(count):
        one = consumer(unique("group-g"))
        one.subscribe([made])
        found = texts(take(one, lambda found: len(found) >= count))
        one.commit(asynchronous=False)
        one.close()
        return sorted(found)

    send(made, [{"value": v, "partition": at % 2} for at, v in enumerate("abcd")])
    same(member(4), list("abcd"), "first member")
    send(made, [{"value": v, "partition": at % 2} for at, v in enumerate("efg")])
    same(member(3), list("efg"), "second member")


def rebalance_with(**config):
    made = topic(f"rebalance-{config['partition.assignment.strategy']}", 4)

    def member():
        one = consumer(unique(f"{made}-g"), **{"heartbeat.interval.ms": 200, "session.timeout.ms": 6000, **config})
        one.subscribe([made])
        return one

    def owned(one):
        one.poll(0.05)
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


def rebalance():
    rebalance_with(**{"partition.assignment.strategy": "range"})
    rebalance_with(**{"partition.assignment.strategy": "cooperative-sticky"})


def seek():
    made = topic("seek")
    send(made, VALUES)
    reader = consumer(unique("seek-g"))
    reader.subscribe([made])
    take(reader, lambda found: len(found) == 20)
    reader.seek(TopicPartition(made, 0, 3))
    found = take(reader, lambda found: len(found) == 17)
    same((found[0].offset(), found[-1].offset()), (3, 19), "offsets after the seek")
    reader.close()


def pause():
    made = topic("pause", 2)
    reader = consumer(unique("pause-g"))
    reader.subscribe([made])
    eventually(lambda: reader.poll(0.05) is None and len(reader.assignment()) == 2, "both partitions")
    reader.pause([TopicPartition(made, 0)])
    send(made, [{"value": "x", "partition": 0}, {"value": "x", "partition": 1}])
    same([one.partition() for one in take(reader, lambda found: found)], [1], "while paused")
    same(reader.poll(0.5), None, "while paused")
    reader.resume([TopicPartition(made, 0)])
    same([one.partition() for one in take(reader, lambda found: found)], [0], "after resuming")
    reader.close()


def commit_metadata():
    made = topic("metadata")
    send(made, VALUES)
    reader = consumer(unique("metadata-g"))
    reader.subscribe([made])
    take(reader, lambda found: found)
    reader.commit(offsets=[TopicPartition(made, 0, 5, "märk")], asynchronous=False)
    [found] = reader.committed([TopicPartition(made, 0)], 10)
    same((found.offset, found.metadata), (5, "märk"), "committed")
    reader.close()


def offset_for_time():
    made = topic("time")
    now = int(time.time() * 1000)
    for ago in (3000, 2000, 1000):
        send(made, [{"value": "x", "timestamp": now - ago}])
    reader = consumer(unique("time-g"))
    [found] = reader.offsets_for_times([TopicPartition(made, 0, now - 2500)], 10)
    same(found.offset, 1, "offset")
    same(reader.get_watermark_offsets(TopicPartition(made, 0), 10), (0, 3), "ends")
    reader.close()


def admin_topics():
    made = unique("topics")
    client = admin()
    new = ka.NewTopic(made, 3, 1, config={"retention.ms": "60000"})
    done(client.create_topics([new]))
    again = refused(lambda: done(client.create_topics([new])), "the same topic")
    same(again.args[0].code(), ck.KafkaError.TOPIC_ALREADY_EXISTS, "error")
    same(len(client.list_topics(timeout=10).topics[made].partitions), 3, "partitions")
    described = done(client.describe_topics(ck.TopicCollection([made])))
    same(len(described[made].partitions), 3, "described partitions")
    done(client.delete_topics([made]))
    eventually(lambda: made not in client.list_topics(timeout=10).topics, "the topic is gone")


def admin_partitions():
    made = topic("partitions")
    client = admin()
    done(client.create_partitions([ka.NewPartitions(made, 4)]))
    eventually(lambda: len(client.list_topics(timeout=10).topics[made].partitions) == 4, "four partitions")


def admin_configs():
    made = topic("configs")
    client = admin()
    resource = ka.ConfigResource(ka.ResourceType.TOPIC, made)

    def read():
        return done(client.describe_configs([resource]))[resource]["retention.ms"].value

    same(read(), "604800000", "default")
    changed = ka.ConfigResource(ka.ResourceType.TOPIC, made, incremental_configs=[
        ka.ConfigEntry("retention.ms", "12345", incremental_operation=ka.AlterConfigOpType.SET),
    ])
    done(client.incremental_alter_configs([changed]))
    eventually(lambda: read() == "12345", "the setting is changed")


def admin_records():
    made = topic("records")
    send(made, VALUES)
    client = admin()
    done(client.delete_records([TopicPartition(made, 0, 4)]))
    reader = consumer(unique("records-g"))
    same(reader.get_watermark_offsets(TopicPartition(made, 0), 10), (4, 20), "ends")
    reader.close()


def admin_groups():
    made = topic("groups")
    group = unique("groups-g")
    send(made, ["end"])
    reader = consumer(group)
    reader.subscribe([made])
    take(reader, lambda found: found)
    reader.commit(asynchronous=False)
    reader.close()
    client = admin()

    def listed():
        return group in [one.group_id for one in client.list_consumer_groups().result(10).valid]

    same(listed(), True, "listed")
    same(done(client.describe_consumer_groups([group]))[group].state, ConsumerGroupState.EMPTY, "state")
    asked = ck.ConsumerGroupTopicPartitions(group)
    same(done(client.list_consumer_group_offsets([asked]))[group].topic_partitions[0].offset, 1, "offset")
    done(client.delete_consumer_groups([group]))
    same(listed(), False, "listed after it was deleted")


def idempotence():
    made = topic("idempotence")
    send(made, VALUES, **{"enable.idempotence": True, "batch.num.messages": 3})
    same(texts(read_until(made, VALUES[-1])), VALUES, "values")


def transactional(name):
    producer = Producer({**PLAIN, "transactional.id": unique(name)})
    producer.init_transactions(20)
    return producer


def transaction(producer, made, values, end):
    producer.begin_transaction()
    for partition, value in values:
        producer.produce(made, value, partition=partition)
    producer.flush(10)
    getattr(producer, f"{end}_transaction")(20)


def transaction_commit():
    made = topic("commit", 2)
    transaction(transactional("commit-t"), made, [(0, "a"), (1, "b")], "commit")
    reader = consumer(unique("commit-g"))
    reader.subscribe([made])
    same(sorted(texts(take(reader, lambda found: len(found) == 2))), ["a", "b"], "values")
    reader.close()


def transaction_abort():
    made = topic("abort")
    producer = transactional("abort-t")
    for value, end in (("a", "commit"), ("b", "abort"), ("c", "commit")):
        transaction(producer, made, [(0, value)], end)
    same(texts(read_until(made, "c")), ["a", "c"], "committed")
    all_of_it = read_until(made, "c", group=unique("abort-all"), **{"isolation.level": "read_uncommitted"})
    same(texts(all_of_it), ["a", "b", "c"], "uncommitted")


def transaction_offsets():
    made = topic("offsets")
    send(made, VALUES)
    member = consumer(unique("offsets-g"))
    member.subscribe([made])
    take(member, lambda found: found)
    producer = transactional("offsets-t")
    for offset, end in ((3, "commit"), (7, "abort")):
        producer.begin_transaction()
        producer.produce(made, "x")
        metadata = member.consumer_group_metadata()
        producer.send_offsets_to_transaction([TopicPartition(made, 0, offset)], metadata, 10)
        getattr(producer, f"{end}_transaction")(20)
        eventually(lambda: member.committed([TopicPartition(made, 0)], 10)[0].offset == 3, "the committed offset")
    member.close()


def transaction_fencing():
    made = topic("fencing")
    first = transactional("fencing-t")
    first.begin_transaction()
    first.produce(made, "lost")
    first.flush(10)
    transaction(transactional("fencing-t"), made, [(0, "kept")], "commit")
    error = refused(lambda: first.commit_transaction(20), "the first producer").args[0]
    same(error.fatal(), True, f"fatal ({error})")
    same(error.code(), ck.KafkaError._FENCED, f"error ({error})")
    same(texts(read_until(made, "kept")), ["kept"], "values")


def sasl(mechanism, password=PASSWORD):
    return {
        **PLAIN, "bootstrap.servers": SASL_BROKERS, "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism, "sasl.username": USER, "sasl.password": password,
    }


def sasl_refused():
    errors = []
    client = ka.AdminClient({**sasl("PLAIN", "wrong"), "error_cb": errors.append})
    refused(lambda: client.list_topics(timeout=3), "a wrong password")
    eventually(lambda: client.poll(0.1) is not None and errors, "an error")
    same(ck.KafkaError._AUTHENTICATION in [error.code() for error in errors], True, f"authentication ({errors})")


def tls():
    round_trip("tls", {
        **PLAIN, "bootstrap.servers": TLS_BROKERS, "security.protocol": "SSL", "ssl.ca.location": CA_FILE,
    })


run_operations(f"confluent-kafka {ck.__version__} (librdkafka {ck.libversion()[0]})", {
    **{
        f"produce-{codec}": lambda codec=codec: round_trip(codec, **{"compression.type": codec})
        for codec in ("none", "gzip", "snappy", "lz4", "zstd")
    },
    "acks-0": lambda: round_trip("acks0", **{"acks": "0"}),
    "acks-1": lambda: round_trip("acks1", **{"acks": "1"}),
    "acks-all": lambda: round_trip("acksall", **{"acks": "all"}),
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
