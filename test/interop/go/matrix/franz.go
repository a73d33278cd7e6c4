package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var franz = features{
	"produce": franzProduce, "consume": franzConsume, "seek": franzSeek, "commit": franzCommit, "reset": franzReset,
	"topics": franzTopics, "groups": franzGroups, "delgroup": franzDeleteGroup, "lag": franzLag,
	"rebalance": func(w where) ([]string, error) {
		return rebalanced(func() (member, error) { return franzJoin(w, "rebalance") })
	},
	"static": func(w where) ([]string, error) {
		return stayed(func(instance string) (member, error) { return franzJoin(w, "static", kgo.InstanceID(instance)) })
	},
}

type franzMember struct {
	*seen
	client *kgo.Client
	cancel context.CancelFunc
	done   chan struct{}
	w      where
}

func (m *franzMember) see() *seen { return m.seen }

// leave closes the member; a static one stays in the group.
func (m *franzMember) leave() error {
	m.cancel()
	<-m.done
	m.client.Close()
	return nil
}

func franzFact(r *kgo.Record) string {
	return fact(r.Partition, r.Offset, r.Timestamp, r.Key, r.Value, r.Headers[0].Value)
}

func franzJoin(w where, group string, options ...kgo.Opt) (*franzMember, error) {
	m := &franzMember{seen: newSeen(), done: make(chan struct{}), w: w}
	list := func(all map[string][]int32) []int32 { return all[w.topic] }
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(w.bootstrap), kgo.ConsumerGroup(w.prefix + "-" + group),
		kgo.ConsumeTopics(w.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(),
		kgo.HeartbeatInterval(500 * time.Millisecond), kgo.FetchMaxWait(50 * time.Millisecond),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, a map[string][]int32) { m.assigned(list(a), false) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, a map[string][]int32) { m.revoked(list(a)) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, a map[string][]int32) { m.revoked(list(a)) })},
		options...)...)
	if err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background())
	m.client = client
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { m.record(r.Partition, r.Offset, franzFact(r)) })
		}
	}()
	return m, nil
}

func (m *franzMember) commit(offsets ...int64) error {
	wanted := map[int32]kgo.EpochOffset{}
	for p, offset := range offsets {
		wanted[int32(p)] = kgo.EpochOffset{Epoch: -1, Offset: offset}
	}
	var failed error
	m.client.CommitOffsetsSync(context.Background(), map[string]map[int32]kgo.EpochOffset{m.w.topic: wanted},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, answer *kmsg.OffsetCommitResponse, err error) {
			failed = err
			if err == nil {
				for _, topic := range answer.Topics {
					for _, partition := range topic.Partitions {
						failed = errors.Join(failed, kerr.ErrorForCode(partition.ErrorCode))
					}
				}
			}
		})
	return failed
}

func franzAdmin(w where) (*kadm.Client, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(w.bootstrap), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return kadm.NewClient(client), nil
}

func franzProduce(w where) ([]string, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(w.bootstrap), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var list []*kgo.Record
	for i := 0; i < records; i++ {
		list = append(list, &kgo.Record{Topic: w.topic, Partition: int32(i % partitions), Timestamp: stamp(i), Key: key(i),
			Value: value(w.topic, i), Headers: []kgo.RecordHeader{{Key: "n", Value: number(i)}}})
	}
	results := client.ProduceSync(context.Background(), list...)
	return []string{fmt.Sprint("acknowledged ", len(results))}, results.FirstErr()
}

func franzConsume(w where) ([]string, error) {
	m, err := franzJoin(w, "consume")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	if err := until("all records", func() bool { return m.count() >= records }); err != nil {
		return nil, err
	}
	each := int64(records / partitions)
	return m.sorted(), m.commit(each, each, each, each)
}

func franzSeek(w where) ([]string, error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(w.bootstrap), kgo.ConsumePartitions(
		map[string]map[int32]kgo.Offset{w.topic: {0: kgo.NewOffset().AtStart()}}), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	var got []string
	read := func(n int) error {
		for got = nil; len(got) < n; {
			client.PollRecords(ctx, n-len(got)).EachRecord(func(r *kgo.Record) { got = append(got, franzFact(r)) })
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		return nil
	}
	if err := read(1); err != nil {
		return nil, err
	}
	begin := strings.Fields(got[0])[1]
	client.SetOffsets(map[string]map[int32]kgo.EpochOffset{w.topic: {0: {Epoch: -1, Offset: 17}}})
	if err := read(3); err != nil {
		return nil, err
	}
	facts := append(got, "begin 0 "+begin)
	admin, err := franzAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	ends, err := admin.ListEndOffsets(ctx, w.topic)
	if err != nil {
		return nil, err
	}
	times, err := admin.ListOffsetsAfterMilli(ctx, stamp(102).UnixMilli(), w.topic)
	end, _ := ends.Lookup(w.topic, 0)
	found, _ := times.Lookup(w.topic, 2)
	return append(facts, fmt.Sprint("end 0 ", end.Offset), fmt.Sprint("time 2 ", found.Offset)), err
}

func franzCommit(w where) ([]string, error) {
	m, err := franzJoin(w, "commit")
	if err != nil {
		return nil, err
	}
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	err = m.commit(10, 20)
	m.leave()
	if err != nil {
		return nil, err
	}
	admin, err := franzAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	found, err := admin.FetchOffsets(context.Background(), w.prefix+"-commit")
	if err != nil {
		return nil, err
	}
	var facts []string
	for p := int32(0); p < partitions; p++ {
		at := "-"
		if one, known := found.Lookup(w.topic, p); known && one.At >= 0 {
			at = fmt.Sprint(one.At)
		}
		facts = append(facts, fmt.Sprintf("committed %d %s", p, at))
	}
	again, err := franzFirsts(w, "commit")
	return append(facts, resumes(again)...), err
}

func franzFirsts(w where, group string, options ...kgo.Opt) ([]string, error) {
	m, err := franzJoin(w, group, options...)
	if err != nil {
		return nil, err
	}
	defer m.leave()
	return m.firsts()
}

func franzReset(w where) ([]string, error) {
	first, err := franzFirsts(w, "reset")
	if err != nil {
		return nil, err
	}
	facts := []string{"earliest " + strings.Join(first, " ")}
	admin, err := franzAdmin(w)
	if err != nil {
		return facts, err
	}
	defer admin.Close()
	for _, step := range []struct {
		words string
		at    int64
	}{{"reset", 5}, {"beyond", 1000}} {
		wanted := kadm.Offsets{}
		for p := int32(0); p < partitions; p++ {
			wanted.AddOffset(w.topic, p, step.at, -1)
		}
		answers, err := admin.CommitOffsets(context.Background(), w.prefix+"-reset", wanted)
		if err == nil {
			err = answers.Error()
		}
		if err != nil {
			return facts, err
		}
		again, err := franzFirsts(w, "reset")
		if err != nil {
			return facts, err
		}
		facts = append(facts, step.words+" "+strings.Join(again, " "))
	}
	return facts, nil
}

func franzTopics(w where) ([]string, error) {
	admin, err := franzAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	ctx, name, setting := context.Background(), w.prefix+"-admin", "1234567"
	count := func() int {
		found, _ := admin.ListTopics(ctx, name)
		return len(found[name].Partitions)
	}
	config := func(key string) string {
		found, _ := admin.DescribeTopicConfigs(ctx, name)
		for _, one := range found[0].Configs {
			if one.Key == key {
				return one.MaybeValue()
			}
		}
		return "?"
	}
	create := func() error {
		_, err := admin.CreateTopic(ctx, 3, 1, map[string]*string{"retention.ms": &setting}, name)
		return err
	}
	if err := create(); err != nil {
		return nil, err
	}
	until("the topic", func() bool { return count() > 0 })
	facts := []string{fmt.Sprint("created ", count()), fmt.Sprint("again ", franzCode(create())),
		"config retention.ms=" + config("retention.ms")}
	size := "54321"
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes",
		Value: &size}}, name)
	if err == nil {
		err = altered[0].Err
	}
	if err != nil {
		return facts, err
	}
	// What was changed may be seen a moment later: Kafka's broker follows its controller.
	until("the new value", func() bool { return config("max.message.bytes") == size })
	facts = append(facts, "altered max.message.bytes="+config("max.message.bytes")+" retention.ms="+config("retention.ms"))
	grown, err := admin.UpdatePartitions(ctx, 5, name)
	if err == nil {
		err = grown.Error()
	}
	if err != nil {
		return facts, err
	}
	until("more partitions", func() bool { return count() != 3 })
	facts = append(facts, fmt.Sprint("partitions ", count()))
	if _, err := admin.DeleteTopic(ctx, name); err != nil {
		return facts, err
	}
	until("the topic to be gone", func() bool { return count() == 0 })
	all, err := admin.ListTopics(ctx)
	return append(facts, "deleted "+yes(!all.Has(name))), err
}

func franzCode(err error) int16 {
	var known *kerr.Error
	if errors.As(err, &known) {
		return known.Code
	}
	if err != nil {
		return -1
	}
	return 0
}

func franzListed(admin *kadm.Client, group string) string {
	found, _ := admin.ListGroups(context.Background())
	_, known := found[group]
	return "listed " + yes(known)
}

func franzGroups(w where) ([]string, error) {
	admin, err := franzAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := franzJoin(w, "groups")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	group := w.prefix + "-groups"
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	var facts []string
	err = until("a stable group", func() bool {
		found, err := admin.DescribeGroups(context.Background(), group)
		one := found[group]
		owned := ""
		assigned := one.AssignedPartitions()
		for p := int32(0); p < partitions; p++ {
			if hasPartition(assigned[w.topic], p) {
				owned += fmt.Sprint(" ", p)
			}
		}
		facts = []string{franzListed(admin, group), "state " + one.State, fmt.Sprint("members ", len(one.Members)),
			"assigned" + owned}
		return err == nil && one.State == "Stable"
	})
	return facts, err
}

func franzDeleteGroup(w where) ([]string, error) {
	admin, err := franzAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := franzJoin(w, "delgroup")
	if err != nil {
		return nil, err
	}
	group := w.prefix + "-delgroup"
	if err = m.await(partitions); err == nil {
		err = m.commit(1, 2, 3, 4)
	}
	deleted := func() int16 {
		answer, err := admin.DeleteGroup(context.Background(), group)
		return max(franzCode(err), franzCode(answer.Err))
	}
	facts := []string{fmt.Sprint("active ", deleted())}
	m.leave()
	if err != nil {
		return facts, err
	}
	return append(facts, fmt.Sprint("empty ", deleted()), franzListed(admin, group)), nil
}

func franzLag(w where) ([]string, error) {
	admin, err := franzAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := franzJoin(w, "lag")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	if err := m.commit(10, 20, 30, 50); err != nil {
		return nil, err
	}
	group := w.prefix + "-lag"
	found, err := admin.Lag(context.Background(), group)
	if err != nil {
		return nil, err
	}
	var facts []string
	for p := int32(0); p < partitions; p++ {
		one, _ := found[group].Lag.Lookup(w.topic, p)
		facts = append(facts, fmt.Sprintf("lag %d %d %d %d", p, one.Commit.At, one.End.Offset, one.Lag))
	}
	return facts, nil
}

func hasPartition(set map[int32]struct{}, p int32) bool {
	_, has := set[p]
	return has
}
