// What the Node programs of the feature matrix share; command line and facts as in ../python/matrix_common.py.

export const PARTITIONS = 4
export const RECORDS = 200
const BASE_TIME = 1700000000000
const DEADLINE_MS = 40000

export const stamp = i => BASE_TIME + 1000 * i
export const key = i => `key-${i}`
export const value = (topic, i) => `value-${i} of ${topic}`
export const all = [...Array(PARTITIONS).keys()]
export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

/** A feature that the client does not have. */
export class Missing extends Error {}

export async function until (words, what) {
  for (const end = Date.now() + DEADLINE_MS; !(await what()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`not in time: ${words}`)
  }
}

/** What a member of a group reports. */
export class Seen {
  facts = new Map()
  first = new Map()
  owned = []
  revocations = 0

  record (partition, offset, when, keyText, valueText, header) {
    if (!this.first.has(partition)) this.first.set(partition, Number(offset))
    this.facts.set(partition * 1000000 + Number(offset),
      `${partition} ${offset} ${when} ${keyText} ${valueText} ${header}`)
  }

  sorted () {
    return [...this.facts].sort((left, right) => left[0] - right[0]).map(one => one[1])
  }

  await (count = PARTITIONS) {
    return until(`${count} partitions`, () => this.owned.length === count)
  }

  async firsts () {
    await until('a record of each partition', () => this.first.size === PARTITIONS)
    return all.map(partition => this.first.get(partition))
  }
}

export function counts (...members) {
  const together = members.flatMap(one => one.owned).sort()
  return members.map(one => one.owned.length).join(' ') + (together.join() === all.join() ? ' all' : ` ${together}`)
}

const together = (...members) => new Set(members.flatMap(one => [...one.facts.values()])).size

/** The scenario of the feature rebalance; `join` makes a member: {seen, leave()}. */
export async function * rebalanced (join) {
  const one = await join()
  await one.seen.await()
  yield `alone ${counts(one.seen)}`
  const two = await join()
  await until('two each', () => one.seen.owned.length === 2 && two.seen.owned.length === 2)
  yield `joined ${counts(one.seen, two.seen)}`
  await until("the second's records", () => two.seen.facts.size > 0)
  await two.leave()
  await one.seen.await()
  yield `left ${counts(one.seen)}`
  await until('all records', () => together(one.seen, two.seen) >= RECORDS)
  yield `read ${together(one.seen, two.seen)}`
  await one.leave()
}

/**
 * The scenario of the feature static. A client whose close() leaves the group for good does not close its first member
 * (closes = false): the second of the same name takes its place.
 */
export async function * stayed (join, closes = true) {
  const one = await join('one')
  const two = await join('two')
  await until('two each', () => one.seen.owned.length === 2 && two.seen.owned.length === 2)
  yield `both ${counts(one.seen, two.seen)}`
  const before = one.seen.owned.toSorted().join()
  two.seen.revocations = 0
  if (closes) await one.leave()
  await sleep(1000)
  const again = await join('one')
  await until('its partitions', () => again.seen.owned.length > 0)
  yield `again ${again.seen.owned.toSorted().join() === before ? 'same' : 'others'}`
  yield `other ${two.seen.revocations ? 'revoked' : 'undisturbed'}`
  await Promise.allSettled([again, two, ...(closes ? [] : [one])].map(member => member.leave()))
}

/** Runs the features of the command line; each is a generator of facts. */
export async function main (features) {
  const [bootstrap, prefix, protocol, ...wanted] = process.argv.slice(2)
  const where = { bootstrap, prefix, protocol, topic: `${prefix}-data` }
  for (const name of wanted) {
    console.log(`= ${name}`)
    try {
      for await (const fact of features[name](where)) console.log(fact)
    } catch (error) {
      if (error instanceof Missing) {
        console.log(`- ${error.message}`)
      } else {
        console.error(error)
        console.log(`! ${String(error).replaceAll(/\s+/g, ' ')}`)
      }
    }
  }
  process.exit(0)
}
