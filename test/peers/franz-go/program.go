package main

// What the operations stand on: names, checks, clients, reading and writing.

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func brokers(name string) []string { return strings.Split(os.Getenv(name), ",") }

func unique(name string) string { return prefix + "-" + name }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func same(found, wanted any, what string) {
	if !reflect.DeepEqual(found, wanted) {
		panic(fmt.Sprintf("%s: %.300v instead of %.300v", what, found, wanted))
	}
}

func eventually(holds func() bool, what string) {
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			panic("waited in vain: " + what)
		}
	}
}

func client(base []kgo.Opt, more ...kgo.Opt) *kgo.Client {
	return got(kgo.NewClient(append(append([]kgo.Opt{}, base...), more...)...))
}

func admin() *kadm.Client { return kadm.NewClient(client(basic)) }

func topic(ctx context.Context, name string, partitions int32) string {
	made := unique(name)
	admin := admin()
	defer admin.Close()
	// Without numbers the broker decides.
	created := got(admin.CreateTopics(ctx, partitions, -1, nil, made))
	must(created[made].Err)
	eventually(func() bool { return got(admin.ListTopics(ctx)).Has(made) }, "the topic is listed")
	return made
}

func records(topic string, texts ...string) (all []*kgo.Record) {
	for _, text := range texts {
		all = append(all, &kgo.Record{Topic: topic, Value: []byte(text)})
	}
	return all
}

func send(ctx context.Context, base []kgo.Opt, all []*kgo.Record, more ...kgo.Opt) {
	producer := client(base, append(more, kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	defer producer.Close()
	must(producer.ProduceSync(ctx, all...).FirstErr())
}

func member(base []kgo.Opt, group string, topic string, more ...kgo.Opt) *kgo.Client {
	return client(base, append([]kgo.Opt{
		kgo.ConsumerGroup(unique(group)), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.HeartbeatInterval(200 * time.Millisecond), kgo.SessionTimeout(6 * time.Second),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}, more...)...)
}

func take(ctx context.Context, of *kgo.Client, until func([]*kgo.Record) bool) (found []*kgo.Record) {
	for !until(found) {
		fetches := of.PollFetches(ctx)
		must(fetches.Err())
		found = append(found, fetches.Records()...)
	}
	return found
}

func count(wanted int) func([]*kgo.Record) bool {
	return func(found []*kgo.Record) bool { return len(found) >= wanted }
}

func texts(all []*kgo.Record) (found []string) {
	for _, record := range all {
		found = append(found, string(record.Value))
	}
	return found
}

func readUntil(ctx context.Context, base []kgo.Opt, topic, last string, more ...kgo.Opt) []*kgo.Record {
	reader := member(base, fmt.Sprintf("read-%s-%d", topic, len(more)), topic, more...)
	defer reader.Close()
	return take(ctx, reader, func(found []*kgo.Record) bool {
		return len(found) > 0 && string(found[len(found)-1].Value) == last
	})
}
