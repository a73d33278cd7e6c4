package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

var saramaFeatures = features{
	"produce": saramaProduce, "consume": saramaConsume, "seek": saramaSeek, "commit": saramaCommit, "reset": saramaReset,
	"topics": saramaTopics, "groups": saramaGroups, "delgroup": saramaDeleteGroup, "lag": saramaLag,
	"rebalance": func(w where) ([]string, error) {
		return rebalanced(func() (member, error) { return saramaJoin(w, "rebalance", "") })
	},
	"static": func(w where) ([]string, error) {
		return stayed(func(instance string) (member, error) { return saramaJoin(w, "static", instance) })
	},
}

func saramaConfig() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Producer.Return.Successes = true
	config.Producer.Partitioner = sarama.NewManualPartitioner
	config.Producer.Idempotent = true
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Net.MaxOpenRequests = 1
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Enable = false
	config.Consumer.Group.Heartbeat.Interval = 500 * time.Millisecond
	config.Consumer.MaxWaitTime = 50 * time.Millisecond
	return config
}

type saramaMember struct {
	*seen
	w       where
	group   sarama.ConsumerGroup
	cancel  context.CancelFunc
	done    chan struct{}
	session chan sarama.ConsumerGroupSession
}

func (m *saramaMember) see() *seen { return m.seen }

func (m *saramaMember) Setup(session sarama.ConsumerGroupSession) error {
	m.assigned(session.Claims()[m.w.topic], true)
	select {
	case <-m.session:
	default:
	}
	m.session <- session
	return nil
}

func (m *saramaMember) Cleanup(session sarama.ConsumerGroupSession) error {
	m.revoked(session.Claims()[m.w.topic])
	return nil
}

func saramaFact(r *sarama.ConsumerMessage) string {
	return fact(r.Partition, r.Offset, r.Timestamp, r.Key, r.Value, r.Headers[0].Value)
}

func (m *saramaMember) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case r, open := <-claim.Messages():
			if !open {
				return nil
			}
			m.record(r.Partition, r.Offset, saramaFact(r))
		case <-session.Context().Done():
			return nil
		}
	}
}

func (m *saramaMember) leave() error {
	m.cancel()
	<-m.done
	return m.group.Close()
}

// commit marks offsets in the member's session and commits them.
func (m *saramaMember) commit(offsets ...int64) {
	session := <-m.session
	for p, offset := range offsets {
		session.MarkOffset(m.w.topic, int32(p), offset, "")
	}
	session.Commit()
	m.session <- session
}

func saramaJoin(w where, group, instance string) (*saramaMember, error) {
	config := saramaConfig()
	config.Consumer.Group.InstanceId = instance
	made, err := sarama.NewConsumerGroup([]string{w.bootstrap}, w.prefix+"-"+group, config)
	if err != nil {
		return nil, err
	}
	m := &saramaMember{seen: newSeen(), w: w, group: made, done: make(chan struct{}),
		session: make(chan sarama.ConsumerGroupSession, 1)}
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			if err := made.Consume(ctx, []string{w.topic}, m); err != nil {
				time.Sleep(50 * time.Millisecond)
			}
		}
	}()
	return m, nil
}

func saramaProduce(w where) ([]string, error) {
	producer, err := sarama.NewSyncProducer([]string{w.bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	var list []*sarama.ProducerMessage
	for i := 0; i < records; i++ {
		list = append(list, &sarama.ProducerMessage{Topic: w.topic, Partition: int32(i % partitions), Timestamp: stamp(i),
			Key: sarama.ByteEncoder(key(i)), Value: sarama.ByteEncoder(value(w.topic, i)),
			Headers: []sarama.RecordHeader{{Key: []byte("n"), Value: number(i)}}})
	}
	return []string{fmt.Sprint("acknowledged ", len(list))}, producer.SendMessages(list)
}

func saramaConsume(w where) ([]string, error) {
	m, err := saramaJoin(w, "consume", "")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	if err := until("all records", func() bool { return m.count() >= records }); err != nil {
		return nil, err
	}
	each := int64(records / partitions)
	m.commit(each, each, each, each)
	return m.sorted(), nil
}

func saramaSeek(w where) ([]string, error) {
	client, err := sarama.NewClient([]string{w.bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return nil, err
	}
	read := func(offset int64, n int) ([]string, error) {
		reader, err := consumer.ConsumePartition(w.topic, 0, offset)
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		var got []string
		for len(got) < n {
			select {
			case r := <-reader.Messages():
				got = append(got, saramaFact(r))
			case <-time.After(deadline):
				return nil, errors.New("not in time: records")
			}
		}
		return got, nil
	}
	facts, err := read(17, 3)
	if err != nil {
		return nil, err
	}
	first, err := read(sarama.OffsetOldest, 1)
	if err != nil {
		return nil, err
	}
	end, err := client.GetOffset(w.topic, 0, sarama.OffsetNewest)
	if err != nil {
		return nil, err
	}
	found, err := client.GetOffset(w.topic, 2, stamp(102).UnixMilli())
	return append(facts, "begin 0 "+strings.Fields(first[0])[1], fmt.Sprint("end 0 ", end), fmt.Sprint("time 2 ",
		found)), err
}

func saramaAdmin(w where) (sarama.ClusterAdmin, error) {
	return sarama.NewClusterAdmin([]string{w.bootstrap}, saramaConfig())
}

func saramaCommit(w where) ([]string, error) {
	m, err := saramaJoin(w, "commit", "")
	if err != nil {
		return nil, err
	}
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	m.commit(10, 20)
	m.leave()
	admin, err := saramaAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	found, err := admin.ListConsumerGroupOffsets(w.prefix+"-commit", map[string][]int32{w.topic: {0, 1, 2, 3}})
	if err != nil {
		return nil, err
	}
	var facts []string
	for p := int32(0); p < partitions; p++ {
		at := "-"
		if one := found.GetBlock(w.topic, p); one != nil && one.Offset >= 0 {
			at = fmt.Sprint(one.Offset)
		}
		facts = append(facts, fmt.Sprintf("committed %d %s", p, at))
	}
	again, err := saramaFirsts(w, "commit")
	return append(facts, resumes(again)...), err
}

func saramaFirsts(w where, group string) ([]string, error) {
	m, err := saramaJoin(w, group, "")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	return m.firsts()
}

// saramaReset sets the empty group's offsets by an offset manager, which commits without a membership.
func saramaReset(w where) ([]string, error) {
	m, err := saramaJoin(w, "reset", "")
	if err != nil {
		return nil, err
	}
	first, err := m.firsts()
	m.commit(50, 50, 50, 50)
	m.leave()
	if err != nil {
		return nil, err
	}
	facts := []string{"earliest " + strings.Join(first, " ")}
	for _, step := range []struct {
		words string
		at    int64
	}{{"reset", 5}, {"beyond", 1000}} {
		client, err := sarama.NewClient([]string{w.bootstrap}, saramaConfig())
		if err != nil {
			return facts, err
		}
		manager, err := sarama.NewOffsetManagerFromClient(w.prefix+"-reset", client)
		if err != nil {
			return facts, err
		}
		for p := int32(0); p < partitions; p++ {
			one, err := manager.ManagePartition(w.topic, p)
			if err != nil {
				return facts, err
			}
			one.ResetOffset(step.at, "")
			one.MarkOffset(step.at, "")
			defer one.AsyncClose()
		}
		manager.Commit()
		manager.Close()
		client.Close()
		again, err := saramaFirsts(w, "reset")
		if err != nil {
			return facts, err
		}
		facts = append(facts, step.words+" "+strings.Join(again, " "))
	}
	return facts, nil
}

func saramaCode(err error) int16 {
	var code sarama.KError
	if errors.As(err, &code) {
		return int16(code)
	}
	if err != nil {
		return -1
	}
	return 0
}

func saramaTopics(w where) ([]string, error) {
	admin, err := saramaAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	name, setting, size := w.prefix+"-admin", "1234567", "54321"
	count := func() int {
		found, _ := admin.DescribeTopics([]string{name})
		return len(found[0].Partitions)
	}
	config := func(key string) string {
		found, _ := admin.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: name,
			ConfigNames: []string{key}})
		if len(found) == 1 {
			return found[0].Value
		}
		return "?"
	}
	create := func() error {
		return admin.CreateTopic(name, &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1,
			ConfigEntries: map[string]*string{"retention.ms": &setting}}, false)
	}
	if err := create(); err != nil {
		return nil, err
	}
	until("the topic", func() bool { return count() > 0 })
	facts := []string{fmt.Sprint("created ", count()), fmt.Sprint("again ", saramaCode(create())),
		"config retention.ms=" + config("retention.ms")}
	err = admin.IncrementalAlterConfig(sarama.TopicResource, name, map[string]sarama.IncrementalAlterConfigsEntry{
		"max.message.bytes": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &size}}, false)
	if err != nil {
		return facts, err
	}
	// What was changed may be seen a moment later: Kafka's broker follows its controller.
	until("the new value", func() bool { return config("max.message.bytes") == size })
	facts = append(facts, "altered max.message.bytes="+config("max.message.bytes")+" retention.ms="+config("retention.ms"))
	if err := admin.CreatePartitions(name, 5, nil, false); err != nil {
		return facts, err
	}
	until("more partitions", func() bool { return count() != 3 })
	facts = append(facts, fmt.Sprint("partitions ", count()))
	if err := admin.DeleteTopic(name); err != nil {
		return facts, err
	}
	until("the topic to be gone", func() bool { return count() == 0 })
	all, err := admin.ListTopics()
	_, there := all[name]
	return append(facts, "deleted "+yes(!there)), err
}

func saramaListed(admin sarama.ClusterAdmin, group string) string {
	all, _ := admin.ListConsumerGroups()
	_, there := all[group]
	return "listed " + yes(there)
}

func saramaGroups(w where) ([]string, error) {
	admin, err := saramaAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := saramaJoin(w, "groups", "")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	group := w.prefix + "-groups"
	found, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil {
		return nil, err
	}
	owned := ""
	for _, one := range found[0].Members {
		assignment, err := one.GetMemberAssignment()
		if err != nil {
			return nil, err
		}
		for _, p := range assignment.Topics[w.topic] {
			owned += fmt.Sprint(" ", p)
		}
	}
	return []string{saramaListed(admin, group), "state " + found[0].State, fmt.Sprint("members ", len(found[0].Members)),
		"assigned" + owned}, nil
}

func saramaDeleteGroup(w where) ([]string, error) {
	admin, err := saramaAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := saramaJoin(w, "delgroup", "")
	if err != nil {
		return nil, err
	}
	group := w.prefix + "-delgroup"
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	m.commit(1, 2, 3, 4)
	facts := []string{fmt.Sprint("active ", saramaCode(admin.DeleteConsumerGroup(group)))}
	m.leave()
	return append(facts, fmt.Sprint("empty ", saramaCode(admin.DeleteConsumerGroup(group))), saramaListed(admin, group)),
		nil
}

func saramaLag(w where) ([]string, error) {
	admin, err := saramaAdmin(w)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	m, err := saramaJoin(w, "lag", "")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	m.commit(10, 20, 30, 50)
	client, err := sarama.NewClient([]string{w.bootstrap}, saramaConfig())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	found, err := admin.ListConsumerGroupOffsets(w.prefix+"-lag", map[string][]int32{w.topic: {0, 1, 2, 3}})
	if err != nil {
		return nil, err
	}
	var facts []string
	for p := int32(0); p < partitions; p++ {
		end, err := client.GetOffset(w.topic, p, sarama.OffsetNewest)
		if err != nil {
			return facts, err
		}
		facts = append(facts, lagFact(int(p), found.GetBlock(w.topic, p).Offset, end))
	}
	return facts, nil
}
