import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { rowSchema, string } from '../schema.ts'
import { drift } from './index.ts'

const TOPICS = {
  food: 'bread cheese soup apple dinner kitchen recipe taste oven butter'.split(' '),
  sport: 'goal match player team ball league score coach stadium season'.split(' '),
}
const SHARED = 'city morning people street summer water house road'.split(' ')

function texts(n: number, seed: number, topics: readonly (keyof typeof TOPICS)[]) {
  const r = random({ seed })
  return relationOf(
    {
      t: Array.from({ length: n }, (_, i) => {
        const topic = TOPICS[topics[i % topics.length]]
        return Array.from({ length: 8 }, (_, k) => {
          const u = r.at(`${k}`).uniform(i)
          const list = k % 2 ? topic : SHARED
          return list[Math.floor(u * list.length)]
        }).join(' ')
      }),
    },
    { schema: rowSchema({ t: string() }) },
  )
}

test('texts of another topic have drifted, and the words tell why', async () => {
  const [before, now] = [await texts(400, 1, ['food']), await texts(300, 2, ['sport', 'food'])]
  const [column] = (await drift(before, now, { kinds: { t: 'text' } })).columns
  expect(column).toMatchObject({ kind: 'text', method: 'perc_text_content_drift', drifted: true })
  expect(column.score).toBeGreaterThan(0.65)
  const { words, examples } = column.detail as { words: Record<string, string[]>; examples: Record<string, string[]> }
  expect(words.current.filter((word) => TOPICS.sport.includes(word)).length).toBeGreaterThan(7)
  expect(examples.current[0]).toMatch(new RegExp(TOPICS.sport.join('|')))
})

test('texts of one topic have not drifted more often than chance allows', async () => {
  let alarms = 0
  for (let trial = 0; trial < 40; trial++) {
    const [before, now] = [
      await texts(150, 2 * trial, ['food', 'sport']),
      await texts(150, 2 * trial + 1, ['food', 'sport']),
    ]
    if ((await drift(before, now, { kinds: { t: 'text' } })).columns[0].drifted) alarms++
  }
  // 5 % of 40, with the upper edge of the binomial law
  expect(alarms).toBeLessThanOrEqual(6)
})

test('with many rows the area itself is compared', async () => {
  const [before, now] = [await texts(1200, 1, ['food']), await texts(1200, 2, ['food'])]
  const [column] = (await drift(before, now, { kinds: { t: 'text' } })).columns
  expect(column).toMatchObject({ method: 'abs_text_content_drift', threshold: 0.55, drifted: false })
})
