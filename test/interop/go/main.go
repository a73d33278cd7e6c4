// Command franz is franz-go as a client of the matrix: command line as in ../python/common.py, content as in
// ../python/content.py.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var pattern = []byte(strings.Repeat("abcdefghijklmnopqrstuvwxyz0123456789", 160))

func seedOf(topic string) uint64 {
	value := uint64(0xCBF29CE484222325)
	for _, b := range []byte(topic) {
		value = (value ^ uint64(b)) * 0x100000001B3
	}
	return value
}

func mix(value uint64) uint64 {
	value += 0x9E3779B97F4A7C15
	value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9
	value = (value ^ (value >> 27)) * 0x94D049BB133111EB
	return value ^ (value >> 31)
}

// content makes record i of a topic.
func content(topic string, i int) *kgo.Record {
	r := mix(seedOf(topic) + uint64(i))
	r2 := mix(r)
	record := &kgo.Record{Topic: topic}
	if i%7 != 3 {
		record.Key = []byte("k" + strconv.Itoa(i%1000))
	}
	length := int(r % 180)
	if i%101 == 50 {
		length = 2000 + int(r%3000)
	}
	start := int(r2 % 36)
	nullValue := i%13 == 5 && record.Key != nil
	if strings.HasSuffix(topic, "-text") {
		if !nullValue {
			record.Value = append([]byte(fmt.Sprintf("%016x%016x", r, r2)), pattern[start:start+length]...)
		}
		record.Headers = []kgo.RecordHeader{{Key: "source", Value: []byte("kcat")}, {Key: "kind", Value: []byte("text")}}
		return record
	}
	switch {
	case nullValue:
	case i%17 == 2:
		record.Value = []byte{}
	default:
		all := binary.BigEndian.AppendUint64(nil, r)
		all = binary.BigEndian.AppendUint64(all, r2)
		record.Value = append(all, pattern[start:start+length]...)[:length]
	}
	for j := 0; j < i%3; j++ {
		header := kgo.RecordHeader{Key: "h" + strconv.Itoa(j)}
		if (i+j)%11 != 4 {
			header.Value = []byte("v" + strconv.FormatUint(r>>40, 10))
		} else if strings.HasPrefix(topic, "kafka-python") {
			header.Value = []byte{}
		}
		record.Headers = append(record.Headers, header)
	}
	return record
}

// sum is the running sum of one partition.
type sum struct {
	count int
	hash  hash.Hash
}

func newSums(partitions int) []*sum {
	sums := make([]*sum, partitions)
	for p := range sums {
		sums[p] = &sum{hash: sha256.New()}
	}
	return sums
}

func (s *sum) add(offset int64, record *kgo.Record) {
	buffer := binary.BigEndian.AppendUint64(nil, uint64(offset))
	field := func(bytes []byte) {
		if bytes == nil {
			buffer = binary.BigEndian.AppendUint32(buffer, 0xffffffff)
			return
		}
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(bytes)))
		buffer = append(buffer, bytes...)
	}
	field(record.Key)
	field(record.Value)
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(record.Headers)))
	for _, header := range record.Headers {
		field([]byte(header.Key))
		field(header.Value)
	}
	s.hash.Write(buffer)
	s.count++
}

func print(topic string, sums []*sum) {
	for p, s := range sums {
		fmt.Printf("sum %s %d %d %x\n", topic, p, s.count, s.hash.Sum(nil))
	}
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

func produce(bootstrap, topic, codec string, partitions, records int) {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(codecs[codec]),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(20*time.Millisecond), kgo.AllowAutoTopicCreation())
	if err != nil {
		fail("%v", err)
	}
	defer client.Close()
	var mutex sync.Mutex
	var first error
	sums := newSums(partitions)
	ctx := context.Background()
	for i := 0; i < records; i++ {
		record := content(topic, i)
		record.Partition = int32(i % partitions)
		sums[i%partitions].add(int64(i/partitions), record)
		client.Produce(ctx, record, func(_ *kgo.Record, err error) {
			mutex.Lock()
			defer mutex.Unlock()
			if err != nil && first == nil {
				first = err
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		fail("%s: %v", topic, err)
	}
	mutex.Lock()
	defer mutex.Unlock()
	if first != nil {
		fail("%s: %v", topic, first)
	}
	print(topic, sums)
}

func consume(bootstrap, topic string, partitions, records int) {
	offsets := map[int32]kgo.Offset{}
	for p := 0; p < partitions; p++ {
		offsets[int32(p)] = kgo.NewOffset().AtStart()
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: offsets}))
	if err != nil {
		fail("%v", err)
	}
	defer client.Close()
	sums := newSums(partitions)
	for seen, idle := 0, 0; seen < records; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		fetches := client.PollFetches(ctx)
		cancel()
		for _, e := range fetches.Errors() {
			if e.Err != context.DeadlineExceeded {
				fail("%s %d: %v", e.Topic, e.Partition, e.Err)
			}
		}
		before := seen
		fetches.EachRecord(func(record *kgo.Record) {
			sums[record.Partition].add(record.Offset, record)
			seen++
		})
		if idle++; seen != before {
			idle = 0
		}
		if idle > 30 {
			fail("%s: only %d of %d records came", topic, seen, records)
		}
	}
	print(topic, sums)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		fail("%v", err)
	}
	return value
}

func main() {
	args := os.Args[1:]
	switch args[0] {
	case "expect":
		partitions, records := number(args[1]), number(args[2])
		for _, topic := range args[3:] {
			sums := newSums(partitions)
			for i := 0; i < records; i++ {
				sums[i%partitions].add(int64(i/partitions), content(topic, i))
			}
			print(topic, sums)
		}
	case "produce", "consume":
		partitions, records := number(args[2]), number(args[3])
		for _, topic := range args[4:] {
			if args[0] == "consume" {
				consume(args[1], topic, partitions, records)
				continue
			}
			colon := strings.LastIndexByte(topic, ':')
			produce(args[1], topic[:colon], topic[colon+1:], partitions, records)
		}
	default:
		fail("no verb %s", args[0])
	}
}
