// Command matrix is franz-go, sarama and kafka-go in the feature matrix:
// `matrix CLIENT BOOTSTRAP PREFIX PROTOCOL FEATURE...`, the rest as in ../../python/matrix_common.py. A client is a set
// of functions, one for each feature; each gives its facts.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

const (
	partitions = 4
	records    = 200
	baseTime   = int64(1700000000000)
	deadline   = 40 * time.Second
)

// where is what a feature gets: the broker, the prefix of names, the data topic.
type where struct{ bootstrap, prefix, topic string }

// features of one client by name.
type features map[string]func(where) ([]string, error)

// missing is a feature that the client does not have.
type missing string

func (m missing) Error() string { return string(m) }

func main() {
	clients := map[string]features{"franz-go": franz, "sarama": saramaFeatures, "kafka-go": segmentio}
	client, args := clients[os.Args[1]], os.Args[2:]
	w := where{args[0], args[1], args[1] + "-data"}
	for _, name := range args[3:] {
		fmt.Println("= " + name)
		facts, err := client[name](w)
		for _, fact := range facts {
			fmt.Println(fact)
		}
		if gone, is := err.(missing); is {
			fmt.Println("- " + string(gone))
		} else if err != nil {
			fmt.Println("! " + strings.Join(strings.Fields(err.Error()), " "))
		}
	}
}

func stamp(i int) time.Time            { return time.UnixMilli(baseTime + 1000*int64(i)) }
func key(i int) []byte                 { return []byte(fmt.Sprintf("key-%d", i)) }
func value(topic string, i int) []byte { return []byte(fmt.Sprintf("value-%d of %s", i, topic)) }
func number(i int) []byte              { return []byte(fmt.Sprint(i)) }

func fact(partition int32, offset int64, when time.Time, key, value, header []byte) string {
	return fmt.Sprintf("%d %d %d %s %s %s", partition, offset, when.UnixMilli(), key, value, header)
}

func until(words string, what func() bool) error {
	for end := time.Now().Add(deadline); !what(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("not in time: %s", words)
		}
	}
	return nil
}

// seen is what members of a group report, from whatever goroutine.
type seen struct {
	mutex       sync.Mutex
	facts       map[[2]int64]string
	first       map[int32]int64
	owned       map[int32]bool
	revocations int
}

func newSeen() *seen {
	return &seen{facts: map[[2]int64]string{}, first: map[int32]int64{}, owned: map[int32]bool{}}
}

func (s *seen) record(partition int32, offset int64, fact string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, known := s.first[partition]; !known {
		s.first[partition] = offset
	}
	s.facts[[2]int64{int64(partition), offset}] = fact
}

// assigned adds partitions; with only, these are all.
func (s *seen) assigned(list []int32, only bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if only {
		s.owned = map[int32]bool{}
	}
	for _, one := range list {
		s.owned[one] = true
	}
}

func (s *seen) revoked(list []int32) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(list) > 0 {
		s.revocations++
	}
	for _, one := range list {
		delete(s.owned, one)
	}
}

func (s *seen) forgetRevocations() { s.mutex.Lock(); s.revocations = 0; s.mutex.Unlock() }

func (s *seen) disturbed() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.revocations == 0 {
		return "undisturbed"
	}
	return "revoked"
}

func (s *seen) count() int { s.mutex.Lock(); defer s.mutex.Unlock(); return len(s.facts) }
func (s *seen) size() int  { s.mutex.Lock(); defer s.mutex.Unlock(); return len(s.owned) }

func (s *seen) partitions() []int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var list []int
	for one := range s.owned {
		list = append(list, int(one))
	}
	sort.Ints(list)
	return list
}

func (s *seen) sorted() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var places [][2]int64
	for place := range s.facts {
		places = append(places, place)
	}
	sort.Slice(places, func(i, j int) bool {
		return places[i][0] < places[j][0] || places[i][0] == places[j][0] && places[i][1] < places[j][1]
	})
	var facts []string
	for _, place := range places {
		facts = append(facts, s.facts[place])
	}
	return facts
}

// firsts waits for a record of each partition and tells their offsets.
func (s *seen) firsts() ([]string, error) {
	err := until("a record of each partition", func() bool {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return len(
			s.first) == partitions
	})
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var list []string
	for p := int32(0); p < partitions; p++ {
		list = append(list, fmt.Sprint(s.first[p]))
	}
	return list, err
}

func (s *seen) await(n int) error {
	return until(fmt.Sprint(n, " partitions"), func() bool { return s.size() == n })
}

// counts is `2 2 all` of disjoint sets that make up the topic.
func counts(members ...*seen) string {
	var all []int
	var sizes []string
	for _, one := range members {
		all = append(all, one.partitions()...)
		sizes = append(sizes, fmt.Sprint(len(one.partitions())))
	}
	sort.Ints(all)
	if fmt.Sprint(all) == "[0 1 2 3]" {
		return strings.Join(sizes, " ") + " all"
	}
	return strings.Join(sizes, " ") + " " + fmt.Sprint(all)
}

// together is the number of different records that members read.
func together(members ...*seen) int {
	all := map[string]bool{}
	for _, one := range members {
		for _, fact := range one.sorted() {
			all[fact] = true
		}
	}
	return len(all)
}

// member of a group in any client; leave closes it.
type member interface {
	see() *seen
	leave() error
}

// rebalanced is the scenario of the feature rebalance, with a way to make members.
func rebalanced(join func() (member, error)) ([]string, error) {
	one, err := join()
	if err != nil {
		return nil, err
	}
	defer one.leave()
	if err := one.see().await(partitions); err != nil {
		return nil, err
	}
	facts := []string{"alone " + counts(one.see())}
	two, err := join()
	if err != nil {
		return facts, err
	}
	err = until("two each", func() bool { return one.see().size() == 2 && two.see().size() == 2 })
	facts = append(facts, "joined "+counts(one.see(), two.see()))
	if err == nil {
		err = until("the second's records", func() bool { return two.see().count() > 0 })
	}
	two.leave()
	if err == nil {
		err = one.see().await(partitions)
	}
	facts = append(facts, "left "+counts(one.see()))
	if err == nil {
		err = until("all records", func() bool { return together(one.see(), two.see()) >= records })
	}
	return append(facts, fmt.Sprint("read ", together(one.see(), two.see()))), err
}

// stayed is the scenario of the feature static.
func stayed(join func(instance string) (member, error)) ([]string, error) {
	one, err := join("one")
	if err != nil {
		return nil, err
	}
	two, err := join("two")
	if err != nil {
		return nil, err
	}
	defer two.leave()
	if err := until("two each", func() bool { return one.see().size() == 2 && two.see().size() == 2 }); err != nil {
		return nil, err
	}
	facts := []string{"both " + counts(one.see(), two.see())}
	before := fmt.Sprint(one.see().partitions())
	two.see().forgetRevocations()
	one.leave()
	time.Sleep(time.Second)
	again, err := join("one")
	if err != nil {
		return facts, err
	}
	defer again.leave()
	if err := until("its partitions", func() bool { return again.see().size() > 0 }); err != nil {
		return facts, err
	}
	same := "others"
	if fmt.Sprint(again.see().partitions()) == before {
		same = "same"
	}
	return append(facts, "again "+same, "other "+two.see().disturbed()), nil
}

func resumes(list []string) []string {
	var facts []string
	for p, offset := range list {
		facts = append(facts, fmt.Sprintf("resumes %d %s", p, offset))
	}
	return facts
}

func yes(condition bool) string {
	if condition {
		return "yes"
	}
	return "no"
}

func lagFact(partition int, at, end int64) string {
	return fmt.Sprintf("lag %d %d %d %d", partition, at, end, end-at)
}
