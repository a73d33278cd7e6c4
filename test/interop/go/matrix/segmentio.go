package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

var segmentio = features{
	"produce": segmentioProduce, "consume": segmentioConsume, "seek": segmentioSeek, "commit": segmentioCommit,
	"reset": segmentioReset, "topics": segmentioTopics, "groups": segmentioGroups, "delgroup": segmentioDeleteGroup,
	"lag": segmentioLag,
	"rebalance": func(w where) ([]string, error) {
		return rebalanced(func() (member, error) { return segmentioJoin(w, "rebalance") })
	},
	"static": func(where) ([]string, error) { return nil, missing("no group.instance.id") },
}

func segmentioClient(w where) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(w.bootstrap), Timeout: 10 * time.Second}
}

// segmentioMember is a member by kafka-go's ConsumerGroup, which shows generations and assignments.
type segmentioMember struct {
	*seen
	w          where
	group      *kafka.ConsumerGroup
	done       chan struct{}
	cancel     context.CancelFunc
	generation chan *kafka.Generation
}

func (m *segmentioMember) see() *seen { return m.seen }

func (m *segmentioMember) leave() error {
	m.cancel()
	err := m.group.Close()
	<-m.done
	return err
}

func segmentioFact(r kafka.Message) string {
	return fact(int32(r.Partition), r.Offset, r.Time, r.Key, r.Value, r.Headers[0].Value)
}

func segmentioJoin(w where, group string) (*segmentioMember, error) {
	made, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{ID: w.prefix + "-" + group,
		Brokers: []string{w.bootstrap},
		Topics:  []string{w.topic}, HeartbeatInterval: 500 * time.Millisecond, StartOffset: kafka.FirstOffset,
		JoinGroupBackoff: 100 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	m := &segmentioMember{seen: newSeen(), w: w, group: made, done: make(chan struct{}),
		generation: make(chan *kafka.Generation, 1)}
	var ctx context.Context
	ctx, m.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(m.done)
		for ctx.Err() == nil {
			generation, err := made.Next(ctx)
			if err != nil {
				time.Sleep(50 * time.Millisecond)
				continue
			}
			m.serve(generation)
		}
	}()
	return m, nil
}

func (m *segmentioMember) serve(generation *kafka.Generation) {
	var list []int32
	for _, one := range generation.Assignments[m.w.topic] {
		list = append(list, int32(one.ID))
		generation.Start(func(ctx context.Context) {
			reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{m.w.bootstrap}, Topic: m.w.topic, Partition: one.ID,
				MaxWait: 50 * time.Millisecond})
			defer reader.Close()
			if err := reader.SetOffset(one.Offset); err != nil {
				return
			}
			for {
				message, err := reader.ReadMessage(ctx)
				if err != nil {
					return
				}
				m.record(int32(message.Partition), message.Offset, segmentioFact(message))
			}
		})
	}
	m.assigned(list, true)
	select {
	case <-m.generation:
	default:
	}
	m.generation <- generation
}

func (m *segmentioMember) commit(offsets ...int64) error {
	generation := <-m.generation
	defer func() { m.generation <- generation }()
	wanted := map[int]int64{}
	for p, offset := range offsets {
		wanted[p] = offset
	}
	return generation.CommitOffsets(map[string]map[int]int64{m.w.topic: wanted})
}

func segmentioProduce(w where) ([]string, error) {
	writer := &kafka.Writer{Addr: kafka.TCP(w.bootstrap), Topic: w.topic, RequiredAcks: kafka.RequireAll,
		BatchTimeout: 10 * time.Millisecond,
		Balancer: kafka.BalancerFunc(func(message kafka.Message, all ...int) int {
			i := 0
			fmt.Sscanf(string(message.Key), "key-%d", &i)
			return i % partitions
		})}
	defer writer.Close()
	var list []kafka.Message
	for i := 0; i < records; i++ {
		list = append(list, kafka.Message{Time: stamp(i), Key: key(i), Value: value(w.topic, i),
			Headers: []kafka.Header{{Key: "n", Value: number(i)}}})
	}
	return []string{fmt.Sprint("acknowledged ", len(list))}, writer.WriteMessages(context.Background(), list...)
}

// segmentioConsume uses the Reader with a group, as most programs do.
func segmentioConsume(w where) ([]string, error) {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{w.bootstrap}, Topic: w.topic,
		GroupID:     w.prefix + "-consume",
		StartOffset: kafka.FirstOffset, MaxWait: 50 * time.Millisecond, HeartbeatInterval: 500 * time.Millisecond})
	defer reader.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	all := newSeen()
	for all.count() < records {
		message, err := reader.FetchMessage(ctx)
		if err != nil {
			return nil, err
		}
		all.record(int32(message.Partition), message.Offset, segmentioFact(message))
		if err := reader.CommitMessages(ctx, message); err != nil {
			return nil, err
		}
	}
	return all.sorted(), nil
}

func segmentioSeek(w where) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{w.bootstrap}, Topic: w.topic,
		MaxWait: 50 * time.Millisecond})
	defer reader.Close()
	read := func(offset int64, n int) ([]string, error) {
		if err := reader.SetOffset(offset); err != nil {
			return nil, err
		}
		var got []string
		for len(got) < n {
			message, err := reader.ReadMessage(ctx)
			if err != nil {
				return nil, err
			}
			got = append(got, segmentioFact(message))
		}
		return got, nil
	}
	facts, err := read(17, 3)
	if err != nil {
		return nil, err
	}
	first, err := read(kafka.FirstOffset, 1)
	if err != nil {
		return nil, err
	}
	found, err := segmentioClient(w).ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		w.topic: {kafka.LastOffsetOf(0), kafka.TimeOffsetOf(2, stamp(102))}}})
	if err != nil {
		return nil, err
	}
	facts = append(facts, "begin 0 "+strings.Fields(first[0])[1])
	for _, one := range found.Topics[w.topic] {
		if one.Partition == 0 {
			facts = append(facts, fmt.Sprint("end 0 ", one.LastOffset))
		}
	}
	for _, one := range found.Topics[w.topic] {
		if one.Partition == 2 {
			for offset := range one.Offsets {
				facts = append(facts, fmt.Sprint("time 2 ", offset))
			}
		}
	}
	return facts, nil
}

func segmentioCommitted(w where, group string) ([]string, error) {
	found, err := segmentioClient(w).OffsetFetch(context.Background(),
		&kafka.OffsetFetchRequest{GroupID: w.prefix + "-" + group,
			Topics: map[string][]int{w.topic: {0, 1, 2, 3}}})
	if err != nil {
		return nil, err
	}
	list := make([]string, partitions)
	for _, one := range found.Topics[w.topic] {
		list[one.Partition] = fmt.Sprint(one.CommittedOffset)
		if one.CommittedOffset < 0 {
			list[one.Partition] = "-"
		}
	}
	return list, found.Error
}

func segmentioCommit(w where) ([]string, error) {
	m, err := segmentioJoin(w, "commit")
	if err != nil {
		return nil, err
	}
	if err = m.await(partitions); err == nil {
		err = m.commit(10, 20)
	}
	m.leave()
	if err != nil {
		return nil, err
	}
	list, err := segmentioCommitted(w, "commit")
	if err != nil {
		return nil, err
	}
	var facts []string
	for p, at := range list {
		facts = append(facts, fmt.Sprintf("committed %d %s", p, at))
	}
	again, err := segmentioFirsts(w, "commit")
	return append(facts, resumes(again)...), err
}

func segmentioFirsts(w where, group string) ([]string, error) {
	m, err := segmentioJoin(w, group)
	if err != nil {
		return nil, err
	}
	defer m.leave()
	return m.firsts()
}

func segmentioReset(w where) ([]string, error) {
	first, err := segmentioFirsts(w, "reset")
	if err != nil {
		return nil, err
	}
	facts := []string{"earliest " + strings.Join(first, " ")}
	var wanted []kafka.OffsetCommit
	for p := 0; p < partitions; p++ {
		wanted = append(wanted, kafka.OffsetCommit{Partition: p, Offset: 5})
	}
	answer, err := segmentioClient(w).OffsetCommit(context.Background(),
		&kafka.OffsetCommitRequest{GroupID: w.prefix + "-reset",
			GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{w.topic: wanted}})
	if err != nil {
		return facts, err
	}
	for _, one := range answer.Topics[w.topic] {
		if one.Error != nil {
			return facts, one.Error
		}
	}
	again, err := segmentioFirsts(w, "reset")
	return append(facts, "reset "+strings.Join(again, " ")), err
}

func segmentioCode(err error) int {
	var code kafka.Error
	if errors.As(err, &code) {
		return int(code)
	}
	if err != nil {
		return -1
	}
	return 0
}

func segmentioTopics(w where) ([]string, error) {
	client, ctx, name := segmentioClient(w), context.Background(), w.prefix+"-admin"
	count := func() int {
		found, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name}})
		if err != nil {
			return -1
		}
		return len(found.Topics[0].Partitions)
	}
	config := func(key string) string {
		found, err := client.DescribeConfigs(ctx,
			&kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
				{ResourceType: kafka.ResourceTypeTopic, ResourceName: name, ConfigNames: []string{key}}}})
		if err != nil {
			return err.Error()
		}
		return found.Resources[0].ConfigEntries[0].ConfigValue
	}
	create := func() error {
		answer, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: name,
			NumPartitions:     3,
			ReplicationFactor: 1, ConfigEntries: []kafka.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: "1234567"}}}}})
		if err != nil {
			return err
		}
		return answer.Errors[name]
	}
	if err := create(); err != nil {
		return nil, err
	}
	facts := []string{fmt.Sprint("created ", count()), fmt.Sprint("again ", segmentioCode(create())),
		"config retention.ms=" + config("retention.ms")}
	altered, err := client.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: name,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "max.message.bytes", Value: "54321",
				ConfigOperation: kafka.ConfigOperationSet}}}}})
	if err == nil {
		err = altered.Resources[0].Error
	}
	if err != nil {
		return facts, err
	}
	err = until("the new value", func() bool { return config("max.message.bytes") == "54321" })
	if err != nil {
		return facts, err
	}
	facts = append(facts, "altered max.message.bytes="+config("max.message.bytes")+" retention.ms="+config("retention.ms"))
	grown, err := client.CreatePartitions(ctx,
		&kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: name, Count: 5}}})
	if err == nil {
		err = grown.Errors[name]
	}
	if err != nil {
		return facts, err
	}
	// The client keeps what it knows of a topic for a while.
	if err := until("more partitions", func() bool { return count() != 3 }); err != nil {
		return facts, err
	}
	facts = append(facts, fmt.Sprint("partitions ", count()))
	gone, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{name}})
	if err == nil {
		err = gone.Errors[name]
	}
	if err != nil {
		return facts, err
	}
	there := func() bool {
		all, err := client.Metadata(ctx, &kafka.MetadataRequest{})
		return err != nil || slices.ContainsFunc(all.Topics, func(one kafka.Topic) bool { return one.Name == name })
	}
	err = until("the topic to be gone", func() bool { return !there() })
	return append(facts, "deleted "+yes(err == nil)), err
}

func segmentioListed(w where, group string) string {
	all, err := segmentioClient(w).ListGroups(context.Background(), &kafka.ListGroupsRequest{})
	there := false
	if err == nil {
		for _, one := range all.Groups {
			there = there || one.GroupID == group
		}
	}
	return "listed " + yes(there)
}

func segmentioGroups(w where) ([]string, error) {
	m, err := segmentioJoin(w, "groups")
	if err != nil {
		return nil, err
	}
	defer m.leave()
	if err := m.await(partitions); err != nil {
		return nil, err
	}
	group := w.prefix + "-groups"
	found, err := segmentioClient(w).DescribeGroups(context.Background(),
		&kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return nil, err
	}
	one, owned := found.Groups[0], []int{}
	for _, member := range one.Members {
		for _, topic := range member.MemberAssignments.Topics {
			owned = append(owned, topic.Partitions...)
		}
	}
	sort.Ints(owned)
	return []string{segmentioListed(w, group), "state " + one.GroupState, fmt.Sprint("members ", len(one.Members)),
		"assigned " + strings.Trim(fmt.Sprint(owned), "[]")}, nil
}

func segmentioDeleteGroup(w where) ([]string, error) {
	group := w.prefix + "-delgroup"
	deleted := func() int {
		answer, err := segmentioClient(w).DeleteGroups(context.Background(),
			&kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
		if err != nil {
			return -1
		}
		return segmentioCode(answer.Errors[group])
	}
	m, err := segmentioJoin(w, "delgroup")
	if err != nil {
		return nil, err
	}
	if err = m.await(partitions); err == nil {
		err = m.commit(1, 2, 3, 4)
	}
	facts := []string{fmt.Sprint("active ", deleted())}
	m.leave()
	return append(facts, fmt.Sprint("empty ", deleted()), segmentioListed(w, group)), err
}

func segmentioLag(w where) ([]string, error) {
	m, err := segmentioJoin(w, "lag")
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
	list, err := segmentioCommitted(w, "lag")
	if err != nil {
		return nil, err
	}
	ends, err := segmentioClient(w).ListOffsets(context.Background(),
		&kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
			w.topic: {kafka.LastOffsetOf(0), kafka.LastOffsetOf(1), kafka.LastOffsetOf(2), kafka.LastOffsetOf(3)}}})
	if err != nil {
		return nil, err
	}
	found := ends.Topics[w.topic]
	sort.Slice(found, func(i, j int) bool { return found[i].Partition < found[j].Partition })
	var facts []string
	for p, one := range found {
		at := int64(0)
		fmt.Sscan(list[p], &at)
		facts = append(facts, lagFact(p, at, one.LastOffset))
	}
	return facts, nil
}
