// franz-go does the operations of ../operations.ts.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

var prefix = os.Getenv("PREFIX")
var basic = []kgo.Opt{kgo.SeedBrokers(brokers("BROKERS")...), kgo.ClientID("franz-go-peer")}
var values = func() (all []string) {
	for at := range 20 {
		all = append(all, fmt.Sprintf("%d:%s", at, strings.Repeat("lorem ipsum ", 20)))
	}
	return all
}()

type operation func(ctx context.Context)

var operations = map[string]operation{
	"produce-none":        roundTrip("none", basic, kgo.ProducerBatchCompression(kgo.NoCompression())),
	"produce-gzip":        roundTrip("gzip", basic, kgo.ProducerBatchCompression(kgo.GzipCompression())),
	"produce-snappy":      roundTrip("snappy", basic, kgo.ProducerBatchCompression(kgo.SnappyCompression())),
	"produce-lz4":         roundTrip("lz4", basic, kgo.ProducerBatchCompression(kgo.Lz4Compression())),
	"produce-zstd":        roundTrip("zstd", basic, kgo.ProducerBatchCompression(kgo.ZstdCompression())),
	"acks-0":              roundTrip("acks0", basic, kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite()),
	"acks-1":              roundTrip("acks1", basic, kgo.RequiredAcks(kgo.LeaderAck()), kgo.DisableIdempotentWrite()),
	"acks-all":            roundTrip("acksall", basic, kgo.RequiredAcks(kgo.AllISRAcks())),
	"record-parts":        recordParts,
	"group-consume":       groupConsume,
	"rebalance":           rebalance,
	"seek":                seek,
	"pause":               pause,
	"commit-metadata":     commitMetadata,
	"offset-for-time":     offsetForTime,
	"admin-topics":        adminTopics,
	"admin-partitions":    adminPartitions,
	"admin-configs":       adminConfigs,
	"admin-records":       adminRecords,
	"admin-groups":        adminGroups,
	"idempotence":         roundTrip("idempotence", basic, kgo.ProducerBatchMaxBytes(800)),
	"transaction-commit":  transactionCommit,
	"transaction-abort":   transactionAbort,
	"transaction-offsets": transactionOffsets,
	"transaction-fencing": transactionFencing,
	"sasl-plain":          roundTrip("plain", login(plain.Auth{User: user, Pass: password}.AsMechanism())),
	"sasl-scram-256":      roundTrip("scram256", login(scram.Auth{User: user, Pass: password}.AsSha256Mechanism())),
	"sasl-scram-512":      roundTrip("scram512", login(scram.Auth{User: user, Pass: password}.AsSha512Mechanism())),
	"sasl-refused":        saslRefused,
	"tls":                 overTLS,
}

var user, password = os.Getenv("SASL_USER"), os.Getenv("SASL_PASSWORD")

func main() {
	tell(map[string]any{"client": "franz-go 1.22.2"})
	for _, op := range strings.Split(os.Getenv("OPERATIONS"), ",") {
		started := time.Now()
		detail, ok := attempt(op)
		tell(map[string]any{"op": op, "ok": ok, "detail": detail, "ms": time.Since(started).Milliseconds()})
	}
}

func attempt(op string) (detail string, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	defer func() {
		if failure := recover(); failure != nil {
			detail, ok = fmt.Sprint(failure), false
		}
	}()
	run, found := operations[op]
	if !found {
		return "the program does not have it", false
	}
	run(ctx)
	return "", true
}

func tell(line map[string]any) {
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func roundTrip(name string, base []kgo.Opt, more ...kgo.Opt) operation {
	return func(ctx context.Context) {
		made := topic(ctx, name, 1)
		send(ctx, base, records(made, values...), more...)
		same(texts(readUntil(ctx, base, made, values[19])), values, "values")
	}
}

func recordParts(ctx context.Context) {
	made := topic(ctx, "parts", 1)
	at := time.UnixMilli(time.Now().UnixMilli() - 5000)
	headers := []kgo.RecordHeader{{Key: "bytes", Value: []byte{0, 255, 1}}, {Key: "empty", Value: []byte{}}}
	send(ctx, basic, []*kgo.Record{
		{Topic: made, Value: []byte("a"), Headers: headers, Timestamp: at},
		{Topic: made, Key: []byte("k")},
		{Topic: made, Value: []byte("end")},
	})
	found := readUntil(ctx, basic, made, "end")
	same([]any{found[0].Key, string(found[0].Value), found[0].Timestamp}, []any{[]byte(nil), "a", at}, "first record")
	same(found[0].Headers, headers, "headers")
	same([]any{string(found[1].Key), found[1].Value}, []any{"k", []byte(nil)}, "second record")
}

func groupConsume(ctx context.Context) {
	made := topic(ctx, "group", 2)
	for _, part := range [][]string{{"a", "b", "c", "d"}, {"e", "f", "g"}} {
		all := records(made, part...)
		for at, record := range all {
			record.Partition = int32(at % 2)
		}
		send(ctx, basic, all)
		one := member(basic, "group-g", made)
		found := take(ctx, one, count(len(part)))
		must(one.CommitRecords(ctx, found...))
		one.Close()
		read := texts(found)
		sort.Strings(read)
		same(read, part, "values")
	}
}

func rebalance(ctx context.Context) {
	made := topic(ctx, "rebalance", 4)
	for name, balancer := range map[string]kgo.GroupBalancer{
		"range": kgo.RangeBalancer(), "cooperative": kgo.CooperativeStickyBalancer(),
	} {
		owned := func(one *kgo.Client) int {
			soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			one.PollFetches(soon)
			admin := kadm.NewClient(one)
			_, generation := one.GroupMetadata()
			described := got(admin.DescribeGroups(ctx, unique("rebalance-"+name)))
			total := 0
			for _, group := range described {
				for _, each := range group.Members {
					id, _ := one.GroupMetadata()
					if assigned, isConsumer := each.Assigned.AsConsumer(); isConsumer && each.MemberID == id && generation >= 0 {
						for _, topic := range assigned.Topics {
							total += len(topic.Partitions)
						}
					}
				}
			}
			return total
		}
		first := member(basic, "rebalance-"+name, made, kgo.Balancers(balancer))
		eventually(func() bool { return owned(first) == 4 }, "one member owns all")
		second := member(basic, "rebalance-"+name, made, kgo.Balancers(balancer))
		eventually(func() bool { return owned(first)+10*owned(second) == 22 }, "two members own two each")
		second.Close()
		eventually(func() bool { return owned(first) == 4 }, "the one that stays owns all")
		first.Close()
	}
}

func seek(ctx context.Context) {
	made := topic(ctx, "seek", 1)
	send(ctx, basic, records(made, values...))
	reader := member(basic, "seek-g", made)
	defer reader.Close()
	take(ctx, reader, count(20))
	reader.SetOffsets(map[string]map[int32]kgo.EpochOffset{made: {0: {Epoch: -1, Offset: 3}}})
	found := take(ctx, reader, count(17))
	same([]int64{found[0].Offset, found[16].Offset}, []int64{3, 19}, "offsets after the seek")
}

func pause(ctx context.Context) {
	made := topic(ctx, "pause", 2)
	reader := member(basic, "pause-g", made)
	defer reader.Close()
	first := map[string][]int32{made: {0}}
	reader.PauseFetchPartitions(first)
	send(ctx, basic, []*kgo.Record{
		{Topic: made, Partition: 0, Value: []byte("x")}, {Topic: made, Partition: 1, Value: []byte("x")},
	})
	same(take(ctx, reader, count(1))[0].Partition, int32(1), "while paused")
	soon, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	same(reader.PollFetches(soon).NumRecords(), 0, "while paused")
	reader.ResumeFetchPartitions(first)
	same(take(ctx, reader, count(1))[0].Partition, int32(0), "after resuming")
}

func commitMetadata(ctx context.Context) {
	made := topic(ctx, "metadata", 1)
	admin := admin()
	defer admin.Close()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: made, Partition: 0, At: 5, LeaderEpoch: -1, Metadata: "märk"})
	must(got(admin.CommitOffsets(ctx, unique("metadata-g"), offsets)).Error())
	found := got(admin.FetchOffsets(ctx, unique("metadata-g")))[made][0]
	same([]any{found.At, found.Metadata}, []any{int64(5), "märk"}, "committed")
}

func offsetForTime(ctx context.Context) {
	made := topic(ctx, "time", 1)
	now := time.Now()
	for _, ago := range []time.Duration{3000, 2000, 1000} {
		record := &kgo.Record{Topic: made, Value: []byte("x"), Timestamp: now.Add(-ago * time.Millisecond)}
		send(ctx, basic, []*kgo.Record{record})
	}
	admin := admin()
	defer admin.Close()
	found := got(admin.ListOffsetsAfterMilli(ctx, now.UnixMilli()-2500, made))
	same(found[made][0].Offset, int64(1), "offset")
	same(got(admin.ListEndOffsets(ctx, made))[made][0].Offset, int64(3), "end")
}

func adminTopics(ctx context.Context) {
	made := unique("topics")
	admin := admin()
	defer admin.Close()
	configs := map[string]*string{"retention.ms": kadm.StringPtr("60000")}
	must(got(admin.CreateTopics(ctx, 3, 1, configs, made))[made].Err)
	again := got(admin.CreateTopics(ctx, 3, 1, configs, made))[made].Err
	same(errors.Is(again, kerr.TopicAlreadyExists), true, fmt.Sprint("the error ", again))
	eventually(func() bool { return got(admin.ListTopics(ctx)).Has(made) }, "the topic is listed")
	same(len(got(admin.ListTopics(ctx, made))[made].Partitions), 3, "partitions")
	must(got(admin.DeleteTopics(ctx, made))[made].Err)
	eventually(func() bool { return !got(admin.ListTopics(ctx)).Has(made) }, "the topic is gone")
}

func adminPartitions(ctx context.Context) {
	made := topic(ctx, "partitions", 1)
	admin := admin()
	defer admin.Close()
	must(got(admin.UpdatePartitions(ctx, 4, made))[made].Err)
	eventually(func() bool { return len(got(admin.ListTopics(ctx, made))[made].Partitions) == 4 }, "four partitions")
}

func adminConfigs(ctx context.Context) {
	made := topic(ctx, "configs", 1)
	admin := admin()
	defer admin.Close()
	read := func() (value string) {
		for _, config := range got(admin.DescribeTopicConfigs(ctx, made))[0].Configs {
			if config.Key == "retention.ms" {
				value = config.MaybeValue()
			}
		}
		return value
	}
	same(read(), "604800000", "default")
	change := kadm.AlterConfig{Op: kadm.SetConfig, Name: "retention.ms", Value: kadm.StringPtr("12345")}
	must(got(admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{change}, made))[0].Err)
	eventually(func() bool { return read() == "12345" }, "the setting is changed")
}

func adminRecords(ctx context.Context) {
	made := topic(ctx, "records", 1)
	send(ctx, basic, records(made, values...))
	admin := admin()
	defer admin.Close()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: made, Partition: 0, At: 4})
	must(got(admin.DeleteRecords(ctx, offsets)).Error())
	same(got(admin.ListStartOffsets(ctx, made))[made][0].Offset, int64(4), "start")
}

func adminGroups(ctx context.Context) {
	made := topic(ctx, "groups", 1)
	group := unique("groups-g")
	send(ctx, basic, records(made, "end"))
	reader := member(basic, "groups-g", made)
	must(reader.CommitRecords(ctx, take(ctx, reader, count(1))...))
	reader.Close()
	admin := admin()
	defer admin.Close()
	listed := func() bool { _, found := got(admin.ListGroups(ctx))[group]; return found }
	same(listed(), true, "listed")
	eventually(func() bool { return got(admin.DescribeGroups(ctx, group))[group].State == "Empty" }, "an empty group")
	same(got(admin.FetchOffsets(ctx, group))[made][0].At, int64(1), "offset")
	must(got(admin.DeleteGroups(ctx, group))[group].Err)
	same(listed(), false, "listed after it was deleted")
}

func transactional(id string) *kgo.Client {
	return client(basic, kgo.TransactionalID(unique(id)), kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

func transact(ctx context.Context, producer *kgo.Client, all []*kgo.Record, end kgo.TransactionEndTry) {
	must(producer.BeginTransaction())
	must(producer.ProduceSync(ctx, all...).FirstErr())
	must(producer.EndTransaction(ctx, end))
}

func transactionCommit(ctx context.Context) {
	made := topic(ctx, "commit", 2)
	producer := transactional("commit-t")
	defer producer.Close()
	all := records(made, "a", "b")
	all[1].Partition = 1
	transact(ctx, producer, all, kgo.TryCommit)
	reader := member(basic, "commit-g", made)
	defer reader.Close()
	found := texts(take(ctx, reader, count(2)))
	sort.Strings(found)
	same(found, []string{"a", "b"}, "values")
}

func transactionAbort(ctx context.Context) {
	made := topic(ctx, "abort", 1)
	producer := transactional("abort-t")
	defer producer.Close()
	for _, value := range []string{"a", "b", "c"} {
		transact(ctx, producer, records(made, value), value != "b")
	}
	same(texts(readUntil(ctx, basic, made, "c")), []string{"a", "c"}, "committed")
	all := readUntil(ctx, basic, made, "c", kgo.FetchIsolationLevel(kgo.ReadUncommitted()))
	same(texts(all), []string{"a", "b", "c"}, "uncommitted")
}

func transactionOffsets(ctx context.Context) {
	made, target := topic(ctx, "offsets", 1), topic(ctx, "target", 1)
	group := unique("offsets-g")
	send(ctx, basic, records(made, values[:3]...))
	session := got(kgo.NewGroupTransactSession(append(append([]kgo.Opt{}, basic...),
		kgo.TransactionalID(unique("offsets-t")), kgo.ConsumerGroup(group), kgo.ConsumeTopics(made),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(100*time.Millisecond), kgo.RequireStableFetchOffsets())...))
	defer session.Close()
	admin := admin()
	defer admin.Close()
	step := func(end kgo.TransactionEndTry) {
		must(session.Begin())
		take(ctx, session.Client(), count(3))
		must(session.ProduceSync(ctx, records(target, "x")...).FirstErr())
		got(session.End(ctx, end))
		same(got(admin.FetchOffsets(ctx, group))[made][0].At, int64(3), "the committed offset")
	}
	step(kgo.TryCommit)
	send(ctx, basic, records(made, values[:3]...))
	step(kgo.TryAbort)
}

func transactionFencing(ctx context.Context) {
	made := topic(ctx, "fencing", 1)
	first, second := transactional("fencing-t"), transactional("fencing-t")
	defer first.Close()
	defer second.Close()
	must(first.BeginTransaction())
	must(first.ProduceSync(ctx, records(made, "lost")...).FirstErr())
	transact(ctx, second, records(made, "kept"), kgo.TryCommit)
	err := first.EndTransaction(ctx, kgo.TryCommit)
	fenced := errors.Is(err, kerr.InvalidProducerEpoch) || errors.Is(err, kerr.ProducerFenced)
	same(fenced, true, fmt.Sprint("the error ", err))
	same(texts(readUntil(ctx, basic, made, "kept")), []string{"kept"}, "values")
}

func login(mechanism sasl.Mechanism) []kgo.Opt {
	return []kgo.Opt{kgo.SeedBrokers(brokers("SASL_BROKERS")...), kgo.SASL(mechanism)}
}

func saslRefused(ctx context.Context) {
	nobody := client(login(plain.Auth{User: user, Pass: "wrong"}.AsMechanism()), kgo.RequestRetries(0))
	defer nobody.Close()
	err := nobody.Ping(ctx)
	same(errors.Is(err, kerr.SaslAuthenticationFailed), true, fmt.Sprint("the error ", err))
}

func overTLS(ctx context.Context) {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(got(os.ReadFile(os.Getenv("TLS_CA"))))
	base := []kgo.Opt{
		kgo.SeedBrokers(brokers("TLS_BROKERS")...), kgo.DialTLSConfig(&tls.Config{RootCAs: pool}),
	}
	roundTrip("tls", base)(ctx)
}
