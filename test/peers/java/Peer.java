// The Java clients do the operations of ../operations.ts.

import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.utils.AppInfoParser;

public final class Peer {
  static final String PREFIX = System.getenv("PREFIX");
  static final List<String> VALUES =
      IntStream.range(0, 20).mapToObj(at -> at + ":" + "lorem ipsum ".repeat(20)).toList();
  static final Map<String, Object> PLAIN = Map.of("bootstrap.servers", System.getenv("BROKERS"), "client.id", "java-peer");
  static final Map<String, Checks.Run> OPERATIONS = new LinkedHashMap<>();

  static {
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd"))
      OPERATIONS.put("produce-" + codec, () -> roundTrip(codec, PLAIN, Map.of("compression.type", codec)));
    for (String acks : List.of("0", "1", "all"))
      OPERATIONS.put("acks-" + acks, () -> roundTrip("acks" + acks, PLAIN, Map.of("acks", acks)));
    OPERATIONS.put("record-parts", Peer::recordParts);
    OPERATIONS.put("group-consume", Peer::groupConsume);
    OPERATIONS.put("rebalance", Peer::rebalance);
    OPERATIONS.put("seek", Peer::seek);
    OPERATIONS.put("pause", Peer::pause);
    OPERATIONS.put("commit-metadata", Peer::commitMetadata);
    OPERATIONS.put("offset-for-time", Peer::offsetForTime);
    OPERATIONS.put("admin-topics", Peer::adminTopics);
    OPERATIONS.put("admin-partitions", Peer::adminPartitions);
    OPERATIONS.put("admin-configs", Peer::adminConfigs);
    OPERATIONS.put("admin-records", Peer::adminRecords);
    OPERATIONS.put("admin-groups", Peer::adminGroups);
    OPERATIONS.put("idempotence",
        () -> roundTrip("idempotence", PLAIN, Map.of("enable.idempotence", "true", "batch.size", "600")));
    OPERATIONS.put("transaction-commit", Peer::transactionCommit);
    OPERATIONS.put("transaction-abort", Peer::transactionAbort);
    OPERATIONS.put("transaction-offsets", Peer::transactionOffsets);
    OPERATIONS.put("transaction-fencing", Peer::transactionFencing);
    OPERATIONS.put("sasl-plain", () -> roundTrip("plain", sasl("PLAIN", null), Map.of()));
    OPERATIONS.put("sasl-scram-256", () -> roundTrip("scram256", sasl("SCRAM-SHA-256", null), Map.of()));
    OPERATIONS.put("sasl-scram-512", () -> roundTrip("scram512", sasl("SCRAM-SHA-512", null), Map.of()));
    OPERATIONS.put("sasl-refused", Peer::saslRefused);
    OPERATIONS.put("tls", () -> roundTrip("tls", tls(), Map.of()));
  }

  public static void main(String[] args) throws Exception {
    System.out.printf("{\"client\":\"Java clients %s\"}%n", AppInfoParser.getVersion());
    String asked = System.getenv().getOrDefault("OPERATIONS", String.join(",", OPERATIONS.keySet()));
    ExecutorService worker = Executors.newCachedThreadPool();
    for (String op : asked.split(",")) {
      long started = System.currentTimeMillis();
      String failure = null;
      Future<Void> running = worker.submit(() -> {
        Checks.Run run = OPERATIONS.get(op);
        if (run == null) throw new IllegalStateException("the program does not have it");
        run.run();
        return null;
      });
      try {
        running.get(60, TimeUnit.SECONDS);
      } catch (java.util.concurrent.TimeoutException late) {
        running.cancel(true);
        failure = "not done after 60 s";
      } catch (ExecutionException failed) {
        failure = String.valueOf(failed.getCause());
      }
      String detail = failure == null ? "" : failure.replaceAll("[\\p{Cntrl}\"\\\\]", " ");
      System.out.printf("{\"op\":\"%s\",\"ok\":%b,\"detail\":\"%s\",\"ms\":%d}%n", op, failure == null,
          detail.substring(0, Math.min(400, detail.length())), System.currentTimeMillis() - started);
    }
    Runtime.getRuntime().halt(0);
  }

  static String unique(String name) {
    return PREFIX + "-" + name;
  }

  static Map<String, Object> with(Map<String, Object> base, Map<String, Object> more) {
    Map<String, Object> all = new HashMap<>(base);
    all.putAll(more);
    return all;
  }

  static String topic(String name, int partitions, Map<String, Object> base) throws Exception {
    String made = unique(name);
    try (Admin admin = Admin.create(base)) {
      // Without numbers the broker decides.
      Optional<Short> replicas = Optional.empty();
      admin.createTopics(List.of(new NewTopic(made, Optional.of(partitions), replicas))).all().get();
      // What the controller has created its brokers learn a little later.
      Checks.eventually(() -> admin.listTopics().names().get().contains(made), "the topic is listed");
    }
    return made;
  }

  static KafkaProducer<String, String> producer(Map<String, Object> base, Map<String, Object> config) {
    String serializer = "org.apache.kafka.common.serialization.StringSerializer";
    return new KafkaProducer<>(
        with(with(base, Map.of("key.serializer", serializer, "value.serializer", serializer)), config));
  }

  static ProducerRecord<String, String> record(String topic, Integer partition, String value) {
    return new ProducerRecord<>(topic, partition, null, value);
  }

  static void send(Map<String, Object> config, List<ProducerRecord<String, String>> records) throws Exception {
    try (KafkaProducer<String, String> producer = producer(PLAIN, config)) {
      for (ProducerRecord<String, String> record : records) producer.send(record).get();
    }
  }

  static void sendValues(String topic) throws Exception {
    send(Map.of(), VALUES.stream().map(value -> record(topic, null, value)).toList());
  }

  static KafkaConsumer<String, String> consumer(String group, Map<String, Object> base, Map<String, Object> config) {
    String deserializer = "org.apache.kafka.common.serialization.StringDeserializer";
    Map<String, Object> own = Map.of(
        "group.id", group, "auto.offset.reset", "earliest", "enable.auto.commit", "false",
        "key.deserializer", deserializer, "value.deserializer", deserializer,
        "isolation.level", "read_committed", "fetch.max.wait.ms", "100", "heartbeat.interval.ms", "200");
    return new KafkaConsumer<>(with(with(base, own), config));
  }

  static KafkaConsumer<String, String> member(String group, String topic) {
    KafkaConsumer<String, String> member = consumer(unique(group), PLAIN, Map.of());
    member.subscribe(List.of(topic));
    return member;
  }

  static List<ConsumerRecord<String, String>> take(
      KafkaConsumer<String, String> of, Predicate<List<ConsumerRecord<String, String>>> until) throws Exception {
    List<ConsumerRecord<String, String>> found = new ArrayList<>();
    Checks.eventually(() -> {
      of.poll(Duration.ofMillis(100)).forEach(found::add);
      return until.test(found);
    }, "records");
    return found;
  }

  static List<ConsumerRecord<String, String>> readUntil(
      String topic, String last, Map<String, Object> base, Map<String, Object> config) throws Exception {
    String group = unique("read-" + topic + config.hashCode());
    try (KafkaConsumer<String, String> reader = consumer(group, base, config)) {
      reader.subscribe(List.of(topic));
      return take(reader, found -> !found.isEmpty() && last.equals(found.get(found.size() - 1).value()));
    }
  }

  static List<String> values(List<ConsumerRecord<String, String>> records) {
    return records.stream().map(ConsumerRecord::value).toList();
  }

  static void roundTrip(String name, Map<String, Object> base, Map<String, Object> config) throws Exception {
    String made = topic(name, 1, base);
    try (KafkaProducer<String, String> producer = producer(base, with(Map.of("linger.ms", "20"), config))) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (String value : VALUES) sent.add(producer.send(record(made, null, value)));
      for (Future<RecordMetadata> one : sent) one.get();
    }
    Checks.same(values(readUntil(made, VALUES.get(19), base, Map.of())), VALUES, "values");
  }

  static void recordParts() throws Exception {
    String made = topic("parts", 1, PLAIN);
    long at = System.currentTimeMillis() - 5000;
    ProducerRecord<String, String> first = new ProducerRecord<>(made, 0, at, null, "a");
    first.headers().add("bytes", new byte[] {0, -1, 1}).add("none", null);
    send(Map.of(), List.of(first, new ProducerRecord<>(made, 0, "k", null), record(made, 0, "end")));
    List<ConsumerRecord<String, String>> found = readUntil(made, "end", PLAIN, Map.of());
    ConsumerRecord<String, String> one = found.get(0);
    Checks.same(Arrays.asList(one.key(), one.value(), one.timestamp()), Arrays.asList(null, "a", at), "first record");
    Checks.same(Arrays.toString(one.headers().lastHeader("bytes").value()), "[0, -1, 1]", "header");
    Checks.same(one.headers().lastHeader("none").value(), null, "empty header");
    Checks.same(Arrays.asList(found.get(1).key(), found.get(1).value()), Arrays.asList("k", null), "second record");
  }

  static void groupConsume() throws Exception {
    String made = topic("group", 2, PLAIN);
    for (List<String> part : List.of(List.of("a", "b", "c", "d"), List.of("e", "f", "g"))) {
      List<ProducerRecord<String, String>> records = new ArrayList<>();
      for (String value : part) records.add(record(made, records.size() % 2, value));
      send(Map.of(), records);
      try (KafkaConsumer<String, String> member = member("group-g", made)) {
        List<String> found = values(take(member, taken -> taken.size() >= part.size()));
        Checks.same(found.stream().sorted().toList(), part, "values");
        member.commitSync();
      }
    }
  }

  static void rebalance() throws Exception {
    String made = topic("rebalance", 4, PLAIN);
    for (String assignor : List.of("RangeAssignor", "CooperativeStickyAssignor")) {
      Map<String, Object> config = Map.of("session.timeout.ms", "6000", "group.id", unique("rebalance-" + assignor),
          "partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor);
      KafkaConsumer<String, String> first = consumer("", PLAIN, config);
      first.subscribe(List.of(made));
      ToIntFunction<KafkaConsumer<String, String>> owned = member -> {
        member.poll(Duration.ofMillis(50));
        return member.assignment().size();
      };
      Checks.eventually(() -> owned.applyAsInt(first) == 4, "one member owns all");
      KafkaConsumer<String, String> second = consumer("", PLAIN, config);
      second.subscribe(List.of(made));
      // Polls both, whatever the first one says.
      Checks.eventually(() -> owned.applyAsInt(first) + 10 * owned.applyAsInt(second) == 22, "two members own two each");
      Set<TopicPartition> all = new HashSet<>(first.assignment());
      all.addAll(second.assignment());
      Checks.same(all.size(), 4, "partitions");
      second.close();
      Checks.eventually(() -> owned.applyAsInt(first) == 4, "the one that stays owns all");
      first.close();
    }
  }

  static void seek() throws Exception {
    String made = topic("seek", 1, PLAIN);
    sendValues(made);
    try (KafkaConsumer<String, String> reader = member("seek-g", made)) {
      take(reader, found -> found.size() == 20);
      reader.seek(new TopicPartition(made, 0), 3);
      List<ConsumerRecord<String, String>> found = take(reader, taken -> taken.size() == 17);
      Checks.same(List.of(found.get(0).offset(), found.get(16).offset()), List.of(3L, 19L), "offsets after the seek");
    }
  }

  static void pause() throws Exception {
    String made = topic("pause", 2, PLAIN);
    List<TopicPartition> first = List.of(new TopicPartition(made, 0));
    try (KafkaConsumer<String, String> reader = member("pause-g", made)) {
      Checks.eventually(() -> {
        reader.poll(Duration.ofMillis(50));
        return reader.assignment().size() == 2;
      }, "both partitions");
      reader.pause(first);
      send(Map.of(), List.of(record(made, 0, "x"), record(made, 1, "x")));
      Checks.same(take(reader, found -> !found.isEmpty()).get(0).partition(), 1, "while paused");
      Checks.same(reader.poll(Duration.ofMillis(500)).count(), 0, "while paused");
      reader.resume(first);
      Checks.same(take(reader, found -> !found.isEmpty()).get(0).partition(), 0, "after resuming");
    }
  }

  static void commitMetadata() throws Exception {
    String made = topic("metadata", 1, PLAIN);
    sendValues(made);
    TopicPartition partition = new TopicPartition(made, 0);
    try (KafkaConsumer<String, String> reader = member("metadata-g", made)) {
      take(reader, found -> !found.isEmpty());
      reader.commitSync(Map.of(partition, new OffsetAndMetadata(5, "märk")));
      OffsetAndMetadata found = reader.committed(Set.of(partition)).get(partition);
      Checks.same(List.of(found.offset(), found.metadata()), List.of(5L, "märk"), "committed");
    }
  }

  static void offsetForTime() throws Exception {
    String made = topic("time", 1, PLAIN);
    TopicPartition partition = new TopicPartition(made, 0);
    long now = System.currentTimeMillis();
    for (long ago : List.of(3000L, 2000L, 1000L))
      send(Map.of(), List.of(new ProducerRecord<>(made, 0, now - ago, null, "x")));
    try (KafkaConsumer<String, String> reader = member("time-g", made)) {
      Checks.same(reader.offsetsForTimes(Map.of(partition, now - 2500)).get(partition).offset(), 1L, "offset");
      Checks.same(reader.endOffsets(List.of(partition)).get(partition), 3L, "end");
    }
  }

  static void adminTopics() throws Exception {
    String made = unique("topics");
    try (Admin admin = Admin.create(PLAIN)) {
      NewTopic topic = new NewTopic(made, 3, (short) 1).configs(Map.of("retention.ms", "60000"));
      admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(true)).all().get();
      Checks.same(admin.listTopics().names().get().contains(made), false, "listed after a trial");
      admin.createTopics(List.of(topic)).all().get();
      Exception error = Checks.refused(() -> admin.createTopics(List.of(topic)).all().get(), "the same topic");
      Checks.same(error instanceof TopicExistsException, true, "error " + error);
      Checks.eventually(() -> admin.listTopics().names().get().contains(made), "the topic is listed");
      Checks.same(admin.describeTopics(List.of(made)).allTopicNames().get().get(made).partitions().size(), 3, "partitions");
      admin.deleteTopics(List.of(made)).all().get();
      Checks.eventually(() -> !admin.listTopics().names().get().contains(made), "the topic is gone");
    }
  }

  static void adminPartitions() throws Exception {
    String made = topic("partitions", 1, PLAIN);
    try (Admin admin = Admin.create(PLAIN)) {
      admin.createPartitions(Map.of(made, NewPartitions.increaseTo(4))).all().get();
      Checks.eventually(() -> admin.describeTopics(List.of(made)).allTopicNames().get().get(made).partitions().size() == 4,
          "four partitions");
    }
  }

  static void adminConfigs() throws Exception {
    String made = topic("configs", 1, PLAIN);
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, made);
    try (Admin admin = Admin.create(PLAIN)) {
      Callable<ConfigEntry> read =
          () -> admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms");
      Checks.same(read.call().value(), "604800000", "default");
      Checks.same(read.call().isDefault(), true, "default");
      AlterConfigOp change = new AlterConfigOp(new ConfigEntry("retention.ms", "12345"), AlterConfigOp.OpType.SET);
      admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all().get();
      Checks.eventually(() -> read.call().value().equals("12345"), "the setting is changed");
    }
  }

  static void adminRecords() throws Exception {
    String made = topic("records", 1, PLAIN);
    sendValues(made);
    TopicPartition partition = new TopicPartition(made, 0);
    try (Admin admin = Admin.create(PLAIN)) {
      admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).all().get();
      ListOffsetsResult found = admin.listOffsets(Map.of(partition, OffsetSpec.earliest()));
      Checks.same(found.partitionResult(partition).get().offset(), 4L, "start");
    }
  }

  static void adminGroups() throws Exception {
    String made = topic("groups", 1, PLAIN);
    String group = unique("groups-g");
    sendValues(made);
    try (KafkaConsumer<String, String> reader = member("groups-g", made)) {
      take(reader, found -> found.size() == 20);
      reader.commitSync();
    }
    try (Admin admin = Admin.create(PLAIN)) {
      Callable<Boolean> listed =
          () -> admin.listGroups().all().get().stream().anyMatch(one -> one.groupId().equals(group));
      Checks.same(listed.call(), true, "listed");
      GroupState state = admin.describeConsumerGroups(List.of(group)).all().get().get(group).groupState();
      Checks.same(state, GroupState.EMPTY, "state");
      Map<TopicPartition, OffsetAndMetadata> offsets =
          admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
      Checks.same(offsets.get(new TopicPartition(made, 0)).offset(), 20L, "offset");
      admin.deleteConsumerGroups(List.of(group)).all().get();
      Checks.same(listed.call(), false, "listed after it was deleted");
    }
  }

  static KafkaProducer<String, String> transactional(String id) {
    KafkaProducer<String, String> producer = producer(PLAIN, Map.of("transactional.id", unique(id)));
    producer.initTransactions();
    return producer;
  }

  static void transactionCommit() throws Exception {
    String made = topic("commit", 2, PLAIN);
    try (KafkaProducer<String, String> producer = transactional("commit-t")) {
      producer.beginTransaction();
      producer.send(record(made, 0, "a"));
      producer.send(record(made, 1, "b"));
      producer.commitTransaction();
    }
    try (KafkaConsumer<String, String> reader = member("commit-g", made)) {
      List<String> found = values(take(reader, taken -> taken.size() == 2));
      Checks.same(found.stream().sorted().toList(), List.of("a", "b"), "values");
    }
  }

  static void transactionAbort() throws Exception {
    String made = topic("abort", 1, PLAIN);
    try (KafkaProducer<String, String> producer = transactional("abort-t")) {
      for (String value : List.of("a", "b", "c")) {
        producer.beginTransaction();
        producer.send(record(made, 0, value)).get();
        if (value.equals("b")) producer.abortTransaction();
        else producer.commitTransaction();
      }
    }
    Checks.same(values(readUntil(made, "c", PLAIN, Map.of())), List.of("a", "c"), "committed");
    Map<String, Object> all = Map.of("isolation.level", "read_uncommitted");
    Checks.same(values(readUntil(made, "c", PLAIN, all)), List.of("a", "b", "c"), "uncommitted");
  }

  static void transactionOffsets() throws Exception {
    String made = topic("offsets", 1, PLAIN);
    sendValues(made);
    TopicPartition partition = new TopicPartition(made, 0);
    try (KafkaConsumer<String, String> member = member("offsets-g", made);
        KafkaProducer<String, String> producer = transactional("offsets-t")) {
      take(member, found -> !found.isEmpty());
      for (long offset : List.of(3L, 7L)) {
        producer.beginTransaction();
        producer.send(record(made, 0, "x"));
        producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(offset)), member.groupMetadata());
        if (offset == 3) producer.commitTransaction();
        else producer.abortTransaction();
        Checks.eventually(() -> member.committed(Set.of(partition)).get(partition).offset() == 3, "the committed offset");
      }
    }
  }

  static void transactionFencing() throws Exception {
    String made = topic("fencing", 1, PLAIN);
    KafkaProducer<String, String> first = transactional("fencing-t");
    first.beginTransaction();
    first.send(record(made, 0, "lost")).get();
    try (KafkaProducer<String, String> second = transactional("fencing-t")) {
      second.beginTransaction();
      second.send(record(made, 0, "kept"));
      second.commitTransaction();
    }
    Exception error = Checks.refused(first::commitTransaction, "the first producer");
    boolean isFenced = error instanceof ProducerFencedException || error instanceof InvalidProducerEpochException;
    Checks.same(isFenced, true, "error " + error);
    first.close(Duration.ofSeconds(1));
    Checks.same(values(readUntil(made, "kept", PLAIN, Map.of())), List.of("kept"), "values");
  }

  static Map<String, Object> sasl(String mechanism, String wrongPassword) {
    String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
    String password = wrongPassword == null ? System.getenv("SASL_PASSWORD") : wrongPassword;
    return Map.of(
        "bootstrap.servers", System.getenv("SASL_BROKERS"),
        "security.protocol", "SASL_PLAINTEXT",
        "sasl.mechanism", mechanism,
        "sasl.jaas.config", String.format("org.apache.kafka.common.security.%s required username=\"%s\" password=\"%s\";",
            module, System.getenv("SASL_USER"), password));
  }

  static Map<String, Object> tls() {
    return Map.of("bootstrap.servers", System.getenv("TLS_BROKERS"), "security.protocol", "SSL",
        "ssl.truststore.type", "PEM", "ssl.truststore.location", System.getenv("TLS_CA"));
  }

  static void saslRefused() throws Exception {
    try (Admin admin = Admin.create(sasl("PLAIN", "wrong"))) {
      Exception error = Checks.refused(() -> admin.listTopics().names().get(), "a wrong password");
      Checks.same(error instanceof SaslAuthenticationException, true, "error " + error);
    }
  }
}
