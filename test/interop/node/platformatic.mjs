// @platformatic/kafka in the feature matrix; see common.mjs.
import { Admin, Consumer, MessagesStreamFallbackModes, MessagesStreamModes, Producer,
  stringSerializers } from '@platformatic/kafka'
import { all, key, main, Missing, PARTITIONS, RECORDS, rebalanced, Seen, stamp, stayed, until,
  value } from './common.mjs'

const base = where => ({ clientId: 'matrix', bootstrapBrokers: [where.bootstrap], metadataMaxAge: 100 })

function report (seen, message) {
  const header = [...message.headers.values()][0]
  seen.record(message.partition, message.offset, message.timestamp, message.key, message.value, header)
}

async function join (where, group, instance) {
  const seen = new Seen()
  const classic = where.protocol === 'classic'
  const options = classic ? { heartbeatInterval: 500, sessionTimeout: 10000,
    rebalanceTimeout: 10000 } : { groupProtocol: 'consumer' }
  if (instance) options.groupInstanceId = instance
  const consumer = new Consumer({ ...base(where), groupId: `${where.prefix}-${group}`, ...options })
  let before = ''
  const look = () => {
    const owned = consumer.assignments?.find(one => one.topic === where.topic)?.partitions ?? []
    const now = owned.toSorted().join()
    if (before && now !== before) seen.revocations++
    before = now
    seen.owned = [...owned]
  }
  const stream = await consumer.consume({
    topics: [where.topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: MessagesStreamFallbackModes.EARLIEST,
    autocommit: false,
    maxWaitTime: 50
  })
  const timer = setInterval(look, 20)
  stream.on('data', message => report(seen, message))
  stream.on('error', error => console.error(error))
  return {
    seen,
    consumer,
    async leave () {
      clearInterval(timer)
      await consumer.close(true)
    }
  }
}

const commit = (where, member, ...offsets) => member.consumer.commit({
  offsets: offsets.map((offset, partition) => ({ topic: where.topic, partition, offset: BigInt(offset),
    leaderEpoch: -1 }))
})

async function * withAdmin (where, feature) {
  const admin = new Admin(base(where))
  try {
    yield * feature(admin)
  } finally {
    await admin.close()
  }
}

/** The error code that a call ends with; it lies somewhere below the error. */
async function code (call) {
  try {
    await call()
    return 0
  } catch (error) {
    for (let list = [error]; list.length; list = list.flatMap(one => [...(one.errors ?? []),
      ...(one.cause ? [one.cause] : [])])) {
      const found = list.find(one => Number.isInteger(one.apiCode))
      if (found) return found.apiCode
    }
    return String(error)
  }
}

async function * produce (where) {
  const producer = new Producer({ ...base(where), serializers: stringSerializers, idempotent: true })
  const messages = [...Array(RECORDS).keys()].map(i => ({
    topic: where.topic, partition: i % PARTITIONS, timestamp: BigInt(stamp(i)), key: key(i), value: value(where.topic,
      i), headers: { n: String(i) }
  }))
  const answer = await producer.send({ messages, acks: -1 })
  yield `acknowledged ${answer.offsets?.length === PARTITIONS ? messages.length : 0}`
  await producer.close()
}

async function * consume (where) {
  const member = await join(where, 'consume')
  await until('all records', () => member.seen.facts.size >= RECORDS)
  yield * member.seen.sorted()
  await commit(where, member, ...all.map(() => RECORDS / PARTITIONS))
  await member.leave()
}

async function * seek (where) {
  // A stream in manual mode reads from given offsets.
  const from = async (offset, count) => {
    const consumer = new Consumer({ ...base(where), groupId: `${where.prefix}-seek-${offset}` })
    const seen = new Seen()
    const offsets = all.map(partition => ({ topic: where.topic, partition,
      offset: BigInt(partition === 0 ? offset : 50) }))
    const stream = await consumer.consume({ topics: [where.topic], mode: MessagesStreamModes.MANUAL, offsets,
      autocommit: false, maxWaitTime: 50 })
    stream.on('data', message => report(seen, message))
    await until('records', () => seen.facts.size >= count)
    await consumer.close(true)
    return seen.sorted().slice(0, count)
  }
  yield * await from(17, 3)
  const [first] = await from(0, 1)
  yield `begin 0 ${first.split(' ')[1]}`
  yield * withAdmin(where, async function * (admin) {
    const listed = async (partitionIndex, timestamp) => (await admin.listOffsets({
      topics: [{ name: where.topic, partitions: [{ partitionIndex, timestamp: BigInt(timestamp) }] }]
    }))[0].partitions[0].offset
    yield `end 0 ${await listed(0, -1)}`
    yield `time 2 ${await listed(2, stamp(102))}`
  })
}

async function committed (admin, where, group) {
  const [found] = await admin.listConsumerGroupOffsets({ groups: [{ groupId: `${where.prefix}-${group}`,
    topics: [{ name: where.topic, partitionIndexes: all }] }] })
  return all.map(partition => found.topics[0].partitions.find(one => one.partitionIndex === partition).committedOffset)
}

async function * commits (where) {
  const member = await join(where, 'commit')
  await member.seen.await()
  await commit(where, member, 10, 20)
  await member.leave()
  yield * withAdmin(where, async function * (admin) {
    const found = await committed(admin, where, 'commit')
    for (const partition of all) yield `committed ${partition} ${found[partition] < 0n ? '-' : found[partition]}`
  })
  const again = await join(where, 'commit')
  const firsts = await again.seen.firsts()
  for (const partition of all) yield `resumes ${partition} ${firsts[partition]}`
  await again.leave()
}

async function * reset (where) {
  const firsts = async () => {
    const member = await join(where, 'reset')
    const found = await member.seen.firsts()
    await member.leave()
    return found.join(' ')
  }
  yield `earliest ${await firsts()}`
  yield * withAdmin(where, async function * (admin) {
    for (const [words, offset] of [['reset', 5], ['beyond', 1000]]) {
      await admin.alterConsumerGroupOffsets({
        groupId: `${where.prefix}-reset`,
        topics: [{ name: where.topic, partitionOffsets: all.map(partition => ({ partition, offset: BigInt(offset) })) }]
      })
      yield `${words} ${await firsts()}`
    }
  })
}

const topics = where => withAdmin(where, async function * (admin) {
  const topic = `${where.prefix}-admin`
  const count = async () => (await admin.metadata({ topics: [topic], forceUpdate: true })).topics.get(
    topic).partitionsCount
  const config = async () => {
    const [found] = await admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: topic,
      configurationKeys: null }] })
    return Object.fromEntries(found.configs.map(one => [one.name, one.value]))
  }
  const create = () => admin.createTopics({ topics: [topic], partitions: 3, replicas: 1,
    configs: [{ name: 'retention.ms', value: '1234567' }] })
  const [made] = await create()
  yield `created ${made.partitions}`
  yield `again ${await code(create)}`
  yield `config retention.ms=${(await config())['retention.ms']}`
  await admin.incrementalAlterConfigs({
    resources: [{ resourceType: 2, resourceName: topic, configs: [{ name: 'max.message.bytes', configOperation: 0,
      value: '54321' }] }]
  })
  await until('the new value', async () => (await config())['max.message.bytes'] === '54321')
  const found = await config()
  yield `altered max.message.bytes=${found['max.message.bytes']} retention.ms=${found['retention.ms']}`
  await admin.createPartitions({ topics: [{ name: topic, count: 5, assignments: null }] })
  await until('more partitions', async () => (await count()) !== 3)
  yield `partitions ${await count()}`
  await admin.deleteTopics({ topics: [topic] })
  await until('the topic to be gone', async () => !(await admin.listTopics()).includes(topic))
  yield `deleted ${(await admin.listTopics()).includes(topic) ? 'not' : 'yes'}`
})

const listed = async (admin, group) => (await admin.listGroups({ types: ['classic',
  'consumer'] })).has(group) ? 'yes' : 'no'

const groups = where => withAdmin(where, async function * (admin) {
  if (where.protocol === 'consumer') throw new Missing('describeGroups() asks for classic groups only')
  const group = `${where.prefix}-groups`
  const member = await join(where, 'groups')
  await member.seen.await()
  yield `listed ${await listed(admin, group)}`
  const found = (await admin.describeGroups({ groups: [group] })).get(group)
  const members = [...found.members.values()]
  yield `state ${found.state[0]}${found.state.slice(1).toLowerCase()}`
  yield `members ${members.length}`
  yield `assigned ${members[0].assignments.get(where.topic).partitions.toSorted().join(' ')}`
  await member.leave()
})

const deleteGroup = where => withAdmin(where, async function * (admin) {
  const group = `${where.prefix}-delgroup`
  const member = await join(where, 'delgroup')
  await member.seen.await()
  await commit(where, member, 1, 2, 3, 4)
  yield `active ${await code(() => admin.deleteGroups({ groups: [group] }))}`
  await member.leave()
  yield `empty ${await code(() => admin.deleteGroups({ groups: [group] }))}`
  yield `listed ${await listed(admin, group)}`
})

const lag = where => withAdmin(where, async function * (admin) {
  const member = await join(where, 'lag')
  await member.seen.await()
  await commit(where, member, 10, 20, 30, 50)
  const found = await committed(admin, where, 'lag')
  const [ends] = await admin.listOffsets({ topics: [{ name: where.topic,
    partitions: all.map(partitionIndex => ({ partitionIndex, timestamp: -1n })) }] })
  for (const partition of all) {
    const end = ends.partitions.find(one => one.partitionIndex === partition).offset
    yield `lag ${partition} ${found[partition]} ${end} ${end - found[partition]}`
  }
  await member.leave()
})

await main({
  produce,
  consume,
  rebalance: where => rebalanced(() => join(where, 'rebalance')),
  async * static (where) {
    if (where.protocol === 'consumer') throw new Missing('close() leaves the group for good')
    yield * stayed(instance => join(where, 'static', instance), false)
  },
  seek,
  commit: commits,
  reset,
  topics,
  groups,
  delgroup: deleteGroup,
  lag
})
