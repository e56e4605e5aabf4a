import { PodError } from '@mlpod/contract'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'

/** Where recommendations stand: a row is an item that was offered to a user. */
export interface RankingColumns {
  readonly user: string
  readonly item: string
  /** How relevant the item turned out to be: 0 is not, more is more. */
  readonly relevance: string
  /** The score by which items were ranked, the highest first, or their rank from 1. */
  readonly score: string
  readonly scoreIs?: 'score' | 'rank'
  /** Items looked at of each user. */
  readonly k: number
  /** The least relevance that counts as relevant; above 0 by default. */
  readonly relevantFrom?: number
  /** Whether users without any relevant item count. */
  readonly everyUser?: boolean
  /** The weight of recall against precision in F. */
  readonly beta?: number
  /** What users interacted with before: for popularity and novelty. */
  readonly train?: AnyRelation
  /** Columns of numbers that describe an item: for diversity and serendipity. */
  readonly itemFeatures?: readonly string[]
}

/** How good rankings are; all at k, each the mean over users. Null where what it needs was not given. */
export interface RankingQuality {
  readonly users: number
  readonly k: number
  readonly ndcg: number
  readonly mrr: number
  readonly hitRate: number
  readonly precision: number
  readonly recall: number
  readonly fBeta: number
  readonly map: number
  readonly mar: number
  /** How little the lists of two users share. */
  readonly personalization: number
  /** Mean number of interactions of what is offered, the share of the known items that is offered, and how unequally. */
  readonly popularity: { readonly mean: number; readonly coverage: number; readonly gini: number } | null
  /** Bits of surprise: -log2 of the share of users who knew the item. */
  readonly novelty: number | null
  /** Cosine distance of the items within a list; of the relevant ones from what the user knew. */
  readonly diversity: number | null
  readonly serendipity: number | null
}

interface Offer {
  readonly item: string
  readonly rank: number
  readonly relevance: number
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length

/**
 * Returns how good rankings are. Equal scores share their mean rank, cut to a whole number. Rows without a user, item or score are left out. Throws `COLUMN_UNKNOWN`,
 * `OPTION_INVALID`. Source of the conventions: Evidently 0.7.
 */
export async function rankingQuality(data: AnyRelation, columns: RankingColumns): Promise<RankingQuality> {
  const { k, relevantFrom, everyUser = false, beta = 1, train, itemFeatures } = columns
  if (!(Number.isInteger(k) && k > 0)) throw new PodError('OPTION_INVALID', `no ${k} items can be looked at`)
  const all = await offersByUser(data, columns)
  const isRelevant = ({ relevance }: Offer): boolean =>
    relevantFrom === undefined ? relevance > 0 : relevance >= relevantFrom
  const lists = [...all.values()]
  const asked = everyUser ? lists : lists.filter((list) => list.some(isRelevant))
  const atK = asked.map((list) => reach(list, k, isRelevant))
  const [precision, recall] = [mean(atK.map((r) => r.precision)), mean(atK.map((r) => r.recall))]
  const known = train && (await interactions(train, columns))
  const vectors = itemFeatures && (await featuresOf(data, columns, itemFeatures))
  return {
    users: asked.length,
    k,
    ndcg: mean(asked.map((list) => ndcg(list, k, relevantFrom))),
    mrr: mean(
      asked.map(
        (list) => 1 / Math.min(Infinity, ...list.filter((o) => isRelevant(o) && o.rank <= k).map((o) => o.rank)),
      ),
    ),
    hitRate: mean(asked.map((list) => Number(list.some((o) => isRelevant(o) && o.rank <= k)))),
    precision,
    recall,
    fBeta: precision + recall === 0 ? 0 : ((1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall),
    map: mean(atK.map((r) => r.averagePrecision)),
    mar: mean(atK.map((r) => r.averageRecall)),
    personalization: personalization(lists, k),
    popularity: known ? popularity(lists, k, known) : null,
    novelty: known ? novelty(lists, k, known) : null,
    diversity: vectors
      ? mean(
          lists.map((list) =>
            spreadOf(
              list.filter(({ rank }) => rank <= k),
              vectors,
            ),
          ),
        )
      : null,
    serendipity: vectors && known ? serendipity(all, k, isRelevant, known, vectors) : null,
  }
}

async function offersByUser(
  data: AnyRelation,
  { user, item, relevance, score, scoreIs = 'score' }: RankingColumns,
): Promise<Map<string, Offer[]>> {
  for (const name of [user, item, relevance, score])
    if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  const complete = (data as Relation).where(({ and, isNotNull, column }) =>
    and(...[user, item, score].map((name) => isNotNull(column(name)))),
  )
  const read = await complete.toColumns(user, item, relevance, score)
  const found = new Map<string, { item: string; relevance: number; score: number }[]>()
  const [scores, relevances] = [read[score].data as Float64Array, read[relevance].data as Float64Array]
  Array.from(read[user].data as ArrayLike<unknown>, String).forEach((name, i) => {
    const list = found.get(name) ?? []
    list.push({ item: String(read[item].data[i]), relevance: relevances[i] || 0, score: scores[i] })
    found.set(name, list)
  })
  return new Map(
    [...found].map(([name, list]) => [
      name,
      list.map(({ item: offered, relevance: r, score: s }) => ({
        item: offered,
        relevance: r,
        rank: scoreIs === 'rank' ? s : rankOf(s, list),
      })),
    ]),
  )
}

/** The mean rank of a score among those of its list, the highest first, cut to a whole number. */
function rankOf(score: number, list: readonly { readonly score: number }[]): number {
  let [above, equal] = [0, 0]
  for (const other of list) {
    if (other.score > score) above++
    else if (other.score === score) equal++
  }
  return Math.floor(above + (equal + 1) / 2)
}

function ndcg(list: readonly Offer[], k: number, relevantFrom: number | undefined): number {
  const gain = ({ relevance }: Offer): number =>
    relevantFrom === undefined ? relevance : Number(relevance >= relevantFrom)
  const dcg = list
    .filter(({ rank }) => rank <= k)
    .reduce((sum, offer) => sum + gain(offer) / Math.log2(offer.rank + 1), 0)
  const best = list
    .map(gain)
    .sort((a, b) => b - a)
    .slice(0, k)
  const ideal = best.reduce((sum, g, i) => sum + g / Math.log2(i + 2), 0)
  return ideal === 0 ? 0 : dcg / ideal
}

function reach(list: readonly Offer[], k: number, isRelevant: (offer: Offer) => boolean) {
  const relevant = list.filter(isRelevant)
  let [hits, precisions, recalls] = [0, 0, 0]
  const most = Math.min(k, list.length)
  for (let place = 1; place <= most; place++) {
    const found = list.filter((offer) => offer.rank === place && isRelevant(offer)).length
    hits += found
    if (found > 0) {
      precisions += hits / place
      recalls += hits / relevant.length
    }
  }
  const all = Math.max(1, relevant.length)
  return {
    precision: hits / Math.max(1, Math.min(list.length, k)),
    recall: hits / all,
    averagePrecision: precisions / all,
    averageRecall: recalls / all,
  }
}

function personalization(lists: readonly (readonly Offer[])[], k: number): number {
  const counts = new Map<string, number>()
  for (const list of lists)
    for (const { item, rank } of list) if (rank <= k) counts.set(item, (counts.get(item) ?? 0) + 1)
  const n = lists.length
  const couples = n * n - n
  if (couples === 0) return 0
  const shared = [...counts.values()].reduce((sum, count) => sum + count ** 2, 0) - n * k
  return (couples - shared / k) / couples
}

interface Known {
  /** Users who know an item, and the items that a user knows. */
  readonly users: ReadonlyMap<string, number>
  readonly items: ReadonlyMap<string, ReadonlySet<string>>
}

async function interactions(train: AnyRelation, { user, item }: RankingColumns): Promise<Known> {
  for (const name of [user, item])
    if (!train.columns.includes(name)) throw unknownColumn(name, train.columns, 'the earlier interactions')
  const read = await (train as Relation).toColumns(user, item)
  const items = new Map<string, Set<string>>()
  Array.from(read[user].data as ArrayLike<unknown>, String).forEach((name, i) => {
    items.set(name, (items.get(name) ?? new Set()).add(String(read[item].data[i])))
  })
  const users = new Map<string, number>()
  for (const list of items.values()) for (const each of list) users.set(each, (users.get(each) ?? 0) + 1)
  return { users, items }
}

function popularity(
  lists: readonly (readonly Offer[])[],
  k: number,
  { users }: Known,
): NonNullable<RankingQuality['popularity']> {
  const offered = new Map<string, number>()
  const means: number[] = []
  for (const list of lists) {
    const top = list.filter(({ rank }) => rank <= k)
    for (const { item } of top) offered.set(item, (offered.get(item) ?? 0) + 1)
    const known = top.flatMap(({ item }) => users.get(item) ?? [])
    if (known.length > 0) means.push(mean(known))
  }
  const counts = [...offered.values()].sort((a, b) => a - b)
  const total = counts.reduce((sum, v) => sum + v, 0)
  const unequal = counts.reduce((sum, count, i) => sum + (2 * (i + 1) - counts.length - 1) * count, 0)
  return {
    mean: mean(means),
    coverage: [...offered.keys()].filter((item) => users.has(item)).length / Math.max(1, users.size),
    gini: counts.length < 2 ? 0 : unequal / ((counts.length - 1) * total),
  }
}

function novelty(lists: readonly (readonly Offer[])[], k: number, { users, items }: Known): number {
  const means = lists.flatMap((list) => {
    const bits = list.flatMap(({ item, rank }) =>
      rank <= k && users.has(item) ? [-Math.log2(users.get(item)! / items.size)] : [],
    )
    return bits.length > 0 ? [mean(bits)] : []
  })
  return mean(means)
}

async function featuresOf(
  data: AnyRelation,
  { item }: RankingColumns,
  names: readonly string[],
): Promise<Map<string, number[]>> {
  for (const name of names) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  const read = await (data as Relation).toColumns(item, ...names)
  const found = new Map<string, number[]>()
  Array.from(read[item].data as ArrayLike<unknown>, String).forEach((each, i) => {
    if (!found.has(each))
      found.set(
        each,
        names.map((name) => Number(read[name].data[i])),
      )
  })
  return found
}

function cosineDistance(a: readonly number[], b: readonly number[]): number {
  const product = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, v, i) => sum + v * y[i], 0)
  return 1 - product(a, b) / Math.sqrt(product(a, a) * product(b, b))
}

/** Sum of the distances of all pairs of a list, for each item of it. */
function spreadOf(list: readonly Offer[], vectors: ReadonlyMap<string, number[]>): number {
  let sum = 0
  list.forEach(({ item }, i) => {
    for (const other of list.slice(i + 1)) sum += cosineDistance(vectors.get(item)!, vectors.get(other.item)!)
  })
  return list.length === 0 ? 0 : sum / list.length
}

/** How far the relevant items of a list are from what the user knew. */
function serendipity(
  lists: ReadonlyMap<string, readonly Offer[]>,
  k: number,
  isRelevant: (offer: Offer) => boolean,
  { items }: Known,
  vectors: ReadonlyMap<string, number[]>,
): number {
  const found = [...lists].flatMap(([user, list]) => {
    const known = [...(items.get(user) ?? [])].filter((item) => vectors.has(item))
    const top = list.filter(({ rank }) => rank <= k)
    if (known.length === 0 || top.length === 0) return []
    return [
      mean(
        top.map((offer) =>
          isRelevant(offer)
            ? mean(known.map((item) => cosineDistance(vectors.get(offer.item)!, vectors.get(item)!)))
            : 0,
        ),
      ),
    ]
  })
  return mean(found)
}
