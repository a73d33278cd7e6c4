//! rust-rdkafka in the feature matrix; command line and facts as in ../python/matrix_common.py.

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier,
    TopicReplication};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTITIONS: i32 = 4;
const RECORDS: usize = 200;
const BASE_TIME: i64 = 1_700_000_000_000;
const LIMIT: Duration = Duration::from_secs(10);

type Facts = Result<Vec<String>, Box<dyn Error>>;

struct Where {
    bootstrap: String,
    prefix: String,
    protocol: String,
    topic: String,
}

fn until(words: &str, mut what: impl FnMut() -> Result<bool, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let end = Instant::now() + Duration::from_secs(40);
    while !what()? {
        if Instant::now() > end {
            return Err(format!("not in time: {words}").into());
        }
    }
    Ok(())
}

/// Counts revocations; librdkafka does the rest.
#[derive(Default)]
struct Watch {
    revocations: AtomicUsize,
}

impl ClientContext for Watch {}

impl ConsumerContext for Watch {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(list) = rebalance {
            if list.count() > 0 {
                self.revocations.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

struct Member<'a> {
    place: &'a Where,
    consumer: BaseConsumer<Watch>,
    facts: BTreeMap<(i32, i64), String>,
    first: BTreeMap<i32, i64>,
}

impl<'a> Member<'a> {
    fn new(place: &'a Where, group: &str, settings: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &place.bootstrap)
            .set("group.id", format!("{}-{}", place.prefix, group))
            .set("group.protocol", &place.protocol)
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "50");
        if place.protocol == "classic" {
            config.set("heartbeat.interval.ms", "500");
        }
        for (name, value) in settings {
            config.set(*name, *value);
        }
        let consumer = config.create_with_context(Watch::default())?;
        Ok(Member { place, consumer, facts: BTreeMap::new(), first: BTreeMap::new() })
    }

    fn join(place: &'a Where, group: &str, settings: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let member = Self::new(place, group, settings)?;
        member.consumer.subscribe(&[&place.topic])?;
        Ok(member)
    }

    fn poll(&mut self) -> Result<bool, Box<dyn Error>> {
        let mut wait = Duration::from_millis(50);
        while let Some(result) = self.consumer.poll(wait) {
            let record = result?;
            let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"?")).into_owned();
            let header = record.headers().map(|all| text(all.get(0).value)).unwrap_or_default();
            let when = record.timestamp().to_millis().unwrap_or(-1);
            let fact = format!(
                "{} {} {} {} {} {}",
                record.partition(),
                record.offset(),
                when,
                text(record.key()),
                text(record.payload()),
                header
            );
            self.first.entry(record.partition()).or_insert(record.offset());
            self.facts.insert((record.partition(), record.offset()), fact);
            wait = Duration::ZERO;
        }
        Ok(true)
    }

    fn owned(&self) -> Vec<i32> {
        let mut list: Vec<i32> = self
            .consumer
            .assignment()
            .map(|all| all.elements().iter().map(|one| one.partition()).collect())
            .unwrap_or_default();
        list.sort();
        list
    }

    fn wait(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        until("partitions", || Ok(self.poll()? && self.owned().len() == count))
    }

    fn firsts(&mut self) -> Result<Vec<i64>, Box<dyn Error>> {
        until("a record of each partition", || Ok(self.poll()? && self.first.len() == PARTITIONS as usize))?;
        Ok(self.first.values().copied().collect())
    }

    fn commit(&self, offsets: &[i64]) -> Result<(), Box<dyn Error>> {
        let mut list = TopicPartitionList::new();
        for (partition, offset) in offsets.iter().enumerate() {
            list.add_partition_offset(&self.place.topic, partition as i32, Offset::Offset(*offset))?;
        }
        Ok(self.consumer.commit(&list, CommitMode::Sync)?)
    }
}

fn joined(list: &[i64]) -> String {
    list.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

fn counts(members: &[&Member]) -> String {
    let mut all: Vec<i32> = members.iter().flat_map(|one| one.owned()).collect();
    all.sort();
    let sizes: Vec<String> = members.iter().map(|one| one.owned().len().to_string()).collect();
    let together = if all == (0..PARTITIONS).collect::<Vec<_>>() { "all".into() } else { format!("{all:?}") };
    format!("{} {}", sizes.join(" "), together)
}

/// Counts what was acknowledged.
#[derive(Clone, Default)]
struct Delivered(Arc<AtomicUsize>);

impl ClientContext for Delivered {}

impl ProducerContext for Delivered {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, _: Self::DeliveryOpaque) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn produce(place: &Where) -> Facts {
    let delivered = Delivered::default();
    let producer: ThreadedProducer<Delivered> = ClientConfig::new()
        .set("bootstrap.servers", &place.bootstrap)
        .set("enable.idempotence", "true")
        .create_with_context(delivered.clone())?;
    for i in 0..RECORDS {
        let (key, value, number) = (format!("key-{i}"), format!("value-{i} of {}", place.topic), i.to_string());
        let headers = OwnedHeaders::new().insert(Header { key: "n", value: Some(&number) });
        let record = BaseRecord::to(&place.topic)
            .partition(i as i32 % PARTITIONS)
            .timestamp(BASE_TIME + 1000 * i as i64)
            .key(&key)
            .payload(&value)
            .headers(headers);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    producer.flush(LIMIT)?;
    Ok(vec![format!("acknowledged {}", delivered.0.load(Ordering::SeqCst))])
}

fn consume(place: &Where) -> Facts {
    let mut member = Member::join(place, "consume", &[])?;
    until("all records", || Ok(member.poll()? && member.facts.len() >= RECORDS))?;
    member.commit(&[(RECORDS / PARTITIONS as usize) as i64; PARTITIONS as usize])?;
    Ok(member.facts.values().cloned().collect())
}

fn rebalance(place: &Where) -> Facts {
    let mut one = Member::join(place, "rebalance", &[])?;
    one.wait(PARTITIONS as usize)?;
    let mut facts = vec![format!("alone {}", counts(&[&one]))];
    let mut read = BTreeSet::new();
    {
        let mut two = Member::join(place, "rebalance", &[])?;
        until("two each", || Ok(one.poll()? && two.poll()? && one.owned().len() == 2 && two.owned().len() == 2))?;
        facts.push(format!("joined {}", counts(&[&one, &two])));
        until("the second's records", || Ok(one.poll()? && two.poll()? && two.first.len() == 2))?;
        read.extend(two.facts.values().cloned());
    }
    one.wait(PARTITIONS as usize)?;
    facts.push(format!("left {}", counts(&[&one])));
    until("all records", || {
        one.poll()?;
        read.extend(one.facts.values().cloned());
        Ok(read.len() >= RECORDS)
    })?;
    facts.push(format!("read {}", read.len()));
    Ok(facts)
}

fn static_member(place: &Where) -> Facts {
    let mut one = Member::join(place, "static", &[("group.instance.id", "one")])?;
    let mut two = Member::join(place, "static", &[("group.instance.id", "two")])?;
    until("two each", || Ok(one.poll()? && two.poll()? && one.owned().len() == 2 && two.owned().len() == 2))?;
    let mut facts = vec![format!("both {}", counts(&[&one, &two]))];
    let before = one.owned();
    two.consumer.context().revocations.store(0, Ordering::SeqCst);
    drop(one);
    for _ in 0..20 {
        two.poll()?;
    }
    let mut again = Member::join(place, "static", &[("group.instance.id", "one")])?;
    until("its partitions", || Ok(again.poll()? && two.poll()? && !again.owned().is_empty()))?;
    facts.push(format!("again {}", if again.owned() == before { "same" } else { "others" }));
    let calm = two.consumer.context().revocations.load(Ordering::SeqCst) == 0;
    facts.push(format!("other {}", if calm { "undisturbed" } else { "revoked" }));
    Ok(facts)
}

fn seek(place: &Where) -> Facts {
    let mut member = Member::new(place, "seek", &[])?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&place.topic, 0, Offset::Beginning)?;
    member.consumer.assign(&list)?;
    until("the first record", || Ok(member.poll()? && !member.first.is_empty()))?;
    let begin = member.first[&0];
    member.consumer.seek(&place.topic, 0, Offset::Offset(17), LIMIT)?;
    member.facts.clear();
    until("records", || Ok(member.poll()? && member.facts.len() >= 3))?;
    let mut facts: Vec<String> = member.facts.values().take(3).cloned().collect();
    facts.push(format!("begin 0 {begin}"));
    facts.push(format!("end 0 {}", member.consumer.fetch_watermarks(&place.topic, 0, LIMIT)?.1));
    let mut times = TopicPartitionList::new();
    times.add_partition_offset(&place.topic, 2, Offset::Offset(BASE_TIME + 102_000))?;
    let found = member.consumer.offsets_for_times(times, LIMIT)?;
    facts.push(format!("time 2 {}", found.elements()[0].offset().to_raw().unwrap_or(-1)));
    Ok(facts)
}

fn committed(member: &Member) -> Result<Vec<Option<i64>>, Box<dyn Error>> {
    let mut list = TopicPartitionList::new();
    list.add_partition_range(&member.place.topic, 0, PARTITIONS - 1);
    let found = member.consumer.committed_offsets(list, LIMIT)?;
    let offset = |one: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match one.offset() {
        Offset::Offset(at) => Some(at),
        _ => None,
    };
    Ok(found.elements().iter().map(offset).collect())
}

fn commit(place: &Where) -> Facts {
    let mut facts = Vec::new();
    {
        let mut member = Member::join(place, "commit", &[])?;
        member.wait(PARTITIONS as usize)?;
        member.commit(&[10, 20])?;
        for (partition, at) in committed(&member)?.iter().enumerate() {
            facts.push(format!("committed {partition} {}", at.map_or("-".into(), |at| at.to_string())));
        }
    }
    for (partition, offset) in Member::join(place, "commit", &[])?.firsts()?.iter().enumerate() {
        facts.push(format!("resumes {partition} {offset}"));
    }
    Ok(facts)
}

/// The crate cannot alter offsets as an administrator: a consumer without a membership commits them.
fn reset(place: &Where) -> Facts {
    let mut facts = vec![format!("earliest {}", joined(&Member::join(place, "reset", &[])?.firsts()?))];
    for (words, at) in [("reset", 5), ("beyond", 1000)] {
        let alone = Member::new(place, "reset", &[("group.protocol", "classic")])?;
        alone.commit(&[at; PARTITIONS as usize])?;
        drop(alone);
        facts.push(format!("{words} {}", joined(&Member::join(place, "reset", &[])?.firsts()?)));
    }
    Ok(facts)
}

fn admin(place: &Where) -> Result<AdminClient<DefaultClientContext>, KafkaError> {
    ClientConfig::new().set("bootstrap.servers", &place.bootstrap).create()
}

fn topics(place: &Where) -> Facts {
    let admin = admin(place)?;
    let options = AdminOptions::new().request_timeout(Some(LIMIT));
    let name = format!("{}-admin", place.prefix);
    let count = || -> Result<usize, KafkaError> {
        Ok(admin.inner().fetch_metadata(Some(&name), LIMIT)?.topics()[0].partitions().len())
    };
    let config = |key: &str| -> Result<String, Box<dyn Error>> {
        let found = futures_executor::block_on(admin.describe_configs(&[ResourceSpecifier::Topic(&name)], &options))?;
        let resource = found[0].as_ref().map_err(|code| code.to_string())?;
        Ok(resource.get(key).and_then(|one| one.value.clone()).unwrap_or_default())
    };
    let create = || -> Result<i32, Box<dyn Error>> {
        let wanted = NewTopic::new(&name, 3, TopicReplication::Fixed(1)).set("retention.ms", "1234567");
        Ok(match &futures_executor::block_on(admin.create_topics(&[wanted], &options))?[0] {
            Ok(_) => 0,
            Err((_, code)) => *code as i32,
        })
    };
    if create()? != 0 {
        return Err("not created".into());
    }
    let mut facts = vec![format!("created {}", count()?), format!("again {}", create()?)];
    facts.push(format!("config retention.ms={}", config("retention.ms")?));
    // AlterConfigs: all settings are replaced.
    let change = AlterConfig::new(ResourceSpecifier::Topic(&name)).set("max.message.bytes",
        "54321").set("retention.ms", "1234567");
    futures_executor::block_on(admin.alter_configs(&[change], &options))?[0].as_ref().map_err(|(_,
        code)| code.to_string())?;
    until("the new value", || Ok(config("max.message.bytes")? == "54321"))?;
    facts.push(format!("altered max.message.bytes={} retention.ms={}", config("max.message.bytes")?,
        config("retention.ms")?));
    let grown = futures_executor::block_on(admin.create_partitions(&[NewPartitions::new(&name, 5)], &options))?;
    grown[0].as_ref().map_err(|(_, code)| code.to_string())?;
    until("more partitions", || Ok(count()? != 3))?;
    facts.push(format!("partitions {}", count()?));
    futures_executor::block_on(admin.delete_topics(&[&name], &options))?[0].as_ref().map_err(|(_,
        code)| code.to_string())?;
    let there = || -> Result<bool, Box<dyn Error>> {
        Ok(admin.inner().fetch_metadata(None, LIMIT)?.topics().iter().any(|one| one.name() == name))
    };
    until("the topic to be gone", || Ok(!there()?))?;
    facts.push(format!("deleted {}", if there()? { "not" } else { "yes" }));
    Ok(facts)
}

fn listed(place: &Where, group: &str) -> Result<bool, Box<dyn Error>> {
    Ok(admin(place)?.inner().fetch_group_list(None, LIMIT)?.groups().iter().any(|one| one.name() == group))
}

/// The partitions of an assignment as the group's members keep it: version, topics, partitions of each.
fn partitions_of(assignment: &[u8], topic: &str) -> Vec<i32> {
    let Some(at) = assignment.windows(topic.len()).position(|part| part == topic.as_bytes()) else { return Vec::new() };
    let number = |i: usize| i32::from_be_bytes(assignment[i..i + 4].try_into().unwrap());
    let start = at + topic.len();
    (0..number(start) as usize).map(|i| number(start + 4 + 4 * i)).collect()
}

fn groups(place: &Where) -> Facts {
    let group = format!("{}-groups", place.prefix);
    let mut member = Member::join(place, "groups", &[])?;
    member.wait(PARTITIONS as usize)?;
    let mut facts = vec![format!("listed {}", if listed(place, &group)? { "yes" } else { "no" })];
    let found = admin(place)?;
    let list = found.inner().fetch_group_list(Some(&group), LIMIT)?;
    let one = &list.groups()[0];
    facts.push(format!("state {}", one.state()));
    facts.push(format!("members {}", one.members().len()));
    let mut owned = partitions_of(one.members()[0].assignment().unwrap_or_default(), &place.topic);
    owned.sort();
    facts.push(format!("assigned {}", owned.iter().map(|p| p.to_string()).collect::<Vec<_>>().join(" ")));
    Ok(facts)
}

fn delete_group(place: &Where) -> Facts {
    let group = format!("{}-delgroup", place.prefix);
    let admin = admin(place)?;
    let options = AdminOptions::new().request_timeout(Some(LIMIT));
    let deleted = || -> Result<i32, Box<dyn Error>> {
        Ok(match &futures_executor::block_on(admin.delete_groups(&[&group], &options))?[0] {
            Ok(_) => 0,
            Err((_, code)) => *code as i32,
        })
    };
    let mut facts = Vec::new();
    {
        let mut member = Member::join(place, "delgroup", &[])?;
        member.wait(PARTITIONS as usize)?;
        member.commit(&[1, 2, 3, 4])?;
        facts.push(format!("active {}", deleted()?));
    }
    facts.push(format!("empty {}", deleted()?));
    facts.push(format!("listed {}", if listed(place, &group)? { "yes" } else { "no" }));
    Ok(facts)
}

fn lag(place: &Where) -> Facts {
    let mut member = Member::join(place, "lag", &[])?;
    member.wait(PARTITIONS as usize)?;
    member.commit(&[10, 20, 30, 50])?;
    let mut facts = Vec::new();
    for (partition, at) in committed(&member)?.iter().enumerate() {
        let (at, end) = (at.unwrap_or(-1), member.consumer.fetch_watermarks(&place.topic, partition as i32, LIMIT)?.1);
        facts.push(format!("lag {partition} {at} {end} {}", end - at));
    }
    Ok(facts)
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let place = Where {
        bootstrap: args[1].clone(),
        prefix: args[2].clone(),
        protocol: args[3].clone(),
        topic: format!("{}-data", args[2]),
    };
    for name in &args[4..] {
        println!("= {name}");
        let feature: fn(&Where) -> Facts = match name.as_str() {
            "produce" => produce,
            "consume" => consume,
            "rebalance" => rebalance,
            "static" => static_member,
            "seek" => seek,
            "commit" => commit,
            "reset" => reset,
            "topics" => topics,
            "groups" => groups,
            "delgroup" => delete_group,
            "lag" => lag,
            _ => |_| Err("unknown feature".into()),
        };
        match feature(&place) {
            Ok(facts) => facts.iter().for_each(|fact| println!("{fact}")),
            Err(error) => println!("! {}", error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")),
        }
    }
}
