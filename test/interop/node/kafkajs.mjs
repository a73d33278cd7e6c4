// KafkaJS in the feature matrix; see common.mjs.
import kafkajs from 'kafkajs'
import { all, key, main, Missing, PARTITIONS, RECORDS, rebalanced, Seen, stamp, until, value } from './common.mjs'

const { ConfigResourceTypes, Kafka, logLevel, AssignerProtocol } = kafkajs

const client = where => new Kafka({ clientId: 'matrix', brokers: [where.bootstrap], logLevel: logLevel.NOTHING,
  retry: { initialRetryTime: 50 } })

function report (seen, partition, message) {
  seen.record(partition, message.offset, message.timestamp, message.key, message.value, message.headers.n)
}

async function join (where, group, { fromBeginning = true } = {}) {
  const seen = new Seen()
  const consumer = client(where).consumer({ groupId: `${where.prefix}-${group}`, heartbeatInterval: 500,
    maxWaitTimeInMs: 50 })
  consumer.on(consumer.events.GROUP_JOIN, event => { seen.owned = event.payload.memberAssignment[where.topic] ?? [] })
  consumer.on(consumer.events.REBALANCING, () => { seen.revocations++ })
  await consumer.connect()
  await consumer.subscribe({ topic: where.topic, fromBeginning })
  await consumer.run({ autoCommit: false, eachMessage: async ({ partition, message }) => report(seen, partition,
    message) })
  return { seen, consumer, leave: () => consumer.disconnect() }
}

const commit = (where, member, ...offsets) =>
  member.consumer.commitOffsets(offsets.map((offset, partition) => ({ topic: where.topic, partition,
    offset: String(offset) })))

async function * withAdmin (where, feature) {
  const admin = client(where).admin()
  await admin.connect()
  try {
    yield * feature(admin)
  } finally {
    await admin.disconnect()
  }
}

/** The error code that a call ends with. */
async function code (call) {
  try {
    await call()
    return 0
  } catch (error) {
    const group = error.groups?.[0]
    return error.code ?? error.errors?.[0]?.code ?? group?.errorCode ?? group?.error?.code ?? String(error)
  }
}

async function * produce (where) {
  const producer = client(where).producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  const messages = [...Array(RECORDS).keys()].map(i => ({
    partition: i % PARTITIONS, timestamp: String(stamp(i)), key: key(i), value: value(where.topic, i),
      headers: { n: String(i) }
  }))
  const answers = await producer.send({ topic: where.topic, messages })
  const good = answers.length === PARTITIONS && answers.every(one => one.errorCode === 0)
  yield `acknowledged ${good ? messages.length : 0}`
  await producer.disconnect()
}

async function * consume (where) {
  const member = await join(where, 'consume')
  await until('all records', () => member.seen.facts.size >= RECORDS)
  yield * member.seen.sorted()
  await commit(where, member, ...all.map(() => RECORDS / PARTITIONS))
  await member.leave()
}

async function * seek (where) {
  const member = await join(where, 'seek')
  await member.seen.firsts()
  const from = async (offset, count) => {
    member.seen.facts.clear()
    member.consumer.seek({ topic: where.topic, partition: 0, offset: String(offset) })
    await until('records', () => [...member.seen.facts.keys()].filter(
      place => place >= offset && place < offset + count).length === count)
    return member.seen.sorted().filter(fact => fact.startsWith('0 ') && Number(fact.split(' ')[1]) >= offset).slice(0,
      count)
  }
  yield * await from(17, 3)
  const [first] = await from(0, 1)
  yield `begin 0 ${first.split(' ')[1]}`
  await member.leave()
  yield * withAdmin(where, async function * (admin) {
    const ends = await admin.fetchTopicOffsets(where.topic)
    yield `end 0 ${ends.find(one => one.partition === 0).high}`
    const times = await admin.fetchTopicOffsetsByTimestamp(where.topic, stamp(102))
    yield `time 2 ${times.find(one => one.partition === 2).offset}`
  })
}

async function * commits (where) {
  const member = await join(where, 'commit')
  await member.seen.await()
  await commit(where, member, 10, 20)
  await member.leave()
  yield * withAdmin(where, async function * (admin) {
    const [found] = await admin.fetchOffsets({ groupId: `${where.prefix}-commit`, topics: [where.topic] })
    for (const partition of all) {
      const at = found.partitions.find(one => one.partition === partition)?.offset ?? '-1'
      yield `committed ${partition} ${at === '-1' ? '-' : at}`
    }
  })
  const again = await join(where, 'commit')
  const firsts = await again.seen.firsts()
  for (const partition of all) yield `resumes ${partition} ${firsts[partition]}`
  await again.leave()
}

async function * reset (where) {
  const groupId = `${where.prefix}-reset`
  const firsts = async () => {
    const member = await join(where, 'reset')
    const found = await member.seen.firsts()
    await member.leave()
    return found.join(' ')
  }
  yield `earliest ${await firsts()}`
  yield * withAdmin(where, async function * (admin) {
    for (const [words, offset] of [['reset', 5], ['beyond', 1000]]) {
      await admin.setOffsets({ groupId, topic: where.topic, partitions: all.map(partition => ({ partition,
        offset: String(offset) })) })
      yield `${words} ${await firsts()}`
    }
  })
}

const topics = where => withAdmin(where, async function * (admin) {
  const topic = `${where.prefix}-admin`
  const count = async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic }
  const config = async () => {
    const found = await admin.describeConfigs({ resources: [resource], includeSynonyms: false })
    return Object.fromEntries(found.resources[0].configEntries.map(one => [one.configName, one.configValue]))
  }
  const create = () => admin.createTopics({
    topics: [{ topic, numPartitions: 3, replicationFactor: 1, configEntries: [{ name: 'retention.ms',
      value: '1234567' }] }]
  })
  await create()
  yield `created ${await count()}`
  // An existing topic is `false` in KafkaJS, which keeps the code to itself.
  yield `again ${(await create()) === false ? 36 : 0}`
  yield `config retention.ms=${(await config())['retention.ms']}`
  // AlterConfigs: all settings are replaced.
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [{ name: 'max.message.bytes', value: '54321' }, { name: 'retention.ms',
      value: '1234567' }] }]
  })
  await until('the new value', async () => (await config())['max.message.bytes'] === '54321')
  const found = await config()
  yield `altered max.message.bytes=${found['max.message.bytes']} retention.ms=${found['retention.ms']}`
  await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] })
  await until('more partitions', async () => (await count()) !== 3)
  yield `partitions ${await count()}`
  await admin.deleteTopics({ topics: [topic] })
  await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic))
  yield `deleted ${(await admin.listTopics()).includes(topic) ? 'not' : 'yes'}`
})

const listed = async (admin, group) => (await admin.listGroups()).groups.some(
  one => one.groupId === group) ? 'yes' : 'no'

const groups = where => withAdmin(where, async function * (admin) {
  const group = `${where.prefix}-groups`
  const member = await join(where, 'groups')
  await member.seen.await()
  yield `listed ${await listed(admin, group)}`
  const [found] = (await admin.describeGroups([group])).groups
  yield `state ${found.state}`
  yield `members ${found.members.length}`
  const assignment = AssignerProtocol.MemberAssignment.decode(found.members[0].memberAssignment).assignment
  yield `assigned ${assignment[where.topic].toSorted().join(' ')}`
  await member.leave()
})

const deleteGroup = where => withAdmin(where, async function * (admin) {
  const group = `${where.prefix}-delgroup`
  const member = await join(where, 'delgroup')
  await member.seen.await()
  await commit(where, member, 1, 2, 3, 4)
  yield `active ${await code(() => admin.deleteGroups([group]))}`
  await member.leave()
  yield `empty ${await code(() => admin.deleteGroups([group]))}`
  yield `listed ${await listed(admin, group)}`
})

const lag = where => withAdmin(where, async function * (admin) {
  const member = await join(where, 'lag')
  await member.seen.await()
  await commit(where, member, 10, 20, 30, 50)
  const [found] = await admin.fetchOffsets({ groupId: `${where.prefix}-lag`, topics: [where.topic] })
  const ends = await admin.fetchTopicOffsets(where.topic)
  for (const partition of all) {
    const at = Number(found.partitions.find(one => one.partition === partition).offset)
    const end = Number(ends.find(one => one.partition === partition).high)
    yield `lag ${partition} ${at} ${end} ${end - at}`
  }
  await member.leave()
})

await main({
  produce,
  consume,
  rebalance: where => rebalanced(() => join(where, 'rebalance')),
  async * static () { throw new Missing('no group.instance.id') },
  seek,
  commit: commits,
  reset,
  topics,
  groups,
  delgroup: deleteGroup,
  lag
})
