import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, expectTypeOf, test } from 'vitest'
import { defineCatalog, foreach, json, list, node, param, pipeline } from './index.ts'
import { command, makePod, type Outcome, podOf, removePods, states, writeFiles } from './testPods.ts'

afterAll(removePods)

const POD = {
  ...podOf(
    'fit, best',
    `
import { foreach } from '@mlpod/pipeline'
export const fit = foreach({ name: 'fit', over: { rate: param('rates', [1, 2, 3]) }, inputs: { a: catalog.a }, outputs: { model: catalog.models },
  run: ({ rate, a }, { log, note }) => {
    note('ran ' + rate)
    log('score', rate * a)
    if (rate === 13) throw new Error('unlucky')
    return { model: { rate, score: rate * a } }
  } })
export const best = node({ name: 'best', inputs: { models: catalog.models }, outputs: { top: catalog.top }, run: ({ models }) => ({ top: Math.max(...models.map(({ score }) => score)) }) })
`,
    `a: json('a.json'), models: list(json(), 'build/models'), top: json('build/top.json')`,
  ),
  'a.json': '10',
}
const files = {
  ...POD,
  'catalog.ts': (POD as Record<string, string>)['catalog.ts'].replace('file, json', 'file, json, list'),
}

const ran = ({ events }: Outcome): string[] =>
  events.flatMap((event) => (event.type === 'node.note' ? [event.text] : [])).sort()
const top = (root: string): string => readFileSync(join(root, 'build/top.json'), 'utf8').trim()

test('a foreach runs once an element, and only what is new runs again', async () => {
  const root = makePod(files)
  const first = await command(root)
  expect(states(first)).toEqual({ fit: 'done', best: 'done' })
  expect([top(root), ran(first)]).toEqual(['30', ['[0] ran 1', '[1] ran 2', '[2] ran 3']])
  expect(readFileSync(join(root, 'build/models/00000001.json'), 'utf8')).toBe('{"rate":2,"score":20}\n')
  expect(first.events).toContainEqual({ type: 'node.metric', node: 'fit', name: 'score[2]', value: 30, step: 0 })
  expect(states(await command(root))).toEqual({ fit: 'cached', best: 'cached' })

  writeFileSync(join(root, 'params.yml'), 'rates: [3, 4, 1]\n')
  const second = await command(root)
  expect([top(root), ran(second)]).toEqual(['40', ['[1] ran 4']])
  // Elements that are restored tell their metrics again.
  expect(second.events).toContainEqual({ type: 'node.metric', node: 'fit', name: 'score[0]', value: 30, step: 0 })

  writeFileSync(join(root, 'a.json'), '100')
  expect(ran(await command(root))).toHaveLength(3)
})

test('an element that fails does not stop the others, and they are not run again', async () => {
  const root = makePod({ ...files, 'params.yml': 'rates: [1, 13, 2]' })
  const first = await command(root, 'run', { workers: 2 })
  expect(states(first)).toEqual({ fit: 'failed', best: 'skipped' })
  expect(first.result?.nodes.fit.error).toMatchObject({
    code: 'NODE_FAILED',
    message: 'fit[1]: unlucky',
    at: expect.stringContaining('nodes.ts'),
  })
  writeFileSync(join(root, 'params.yml'), 'rates: [1, 12, 2]')
  const second = await command(root)
  expect([states(second), ran(second)]).toEqual([{ fit: 'done', best: 'done' }, ['[1] ran 12']])
})

test('a foreach goes over a list of datasets: a source folder, or what another one made', async () => {
  const root = makePod({
    ...files,
    'catalog.ts': `
import { defineCatalog, json, list } from '@mlpod/pipeline'
export const catalog = defineCatalog({ parts: list(json<number>(), 'parts'), doubled: list(json<number>()), models: list(json<number>()) })
`,
    'nodes.ts': `
import { foreach, node } from '@mlpod/pipeline'
import { catalog } from './catalog.ts'
export const fit = foreach({ name: 'fit', over: { part: catalog.parts }, outputs: { twice: catalog.doubled }, run: ({ part }, { note }) => { note('fit ' + part); return { twice: part * 2 } } })
export const best = foreach({ name: 'best', over: { x: catalog.doubled }, outputs: { y: catalog.models }, run: ({ x }, { note }) => { note('best ' + x); return { y: x + 1 } } })
`,
    'parts/a.json': '1',
    'parts/b.json': '2',
  })
  expect(ran(await command(root))).toEqual(['[0] best 2', '[0] fit 1', '[1] best 4', '[1] fit 2'])
  writeFiles(root, { 'parts/c.json': '5' })
  rmSync(join(root, 'parts/a.json'))
  expect(ran(await command(root))).toEqual(['[1] best 10', '[1] fit 5'])
})

test('the elements of a foreach are rebuilt with it', async () => {
  const root = makePod({
    ...files,
    'nodes.ts': `${(files as Record<string, string>)['nodes.ts']}
export const check = node({ name: 'check', inputs: { top: catalog.top }, outputs: { same: catalog.same }, run: async (_, { rebuild }) => ({ same: await rebuild() }) })
`,
    'catalog.ts': (files as Record<string, string>)['catalog.ts'].replace(
      'a: json',
      "same: json('same.json'), a: json",
    ),
    'mlpod.config.ts': (files as Record<string, string>)['mlpod.config.ts'].replaceAll('fit, best', 'fit, best, check'),
  })
  expect((await command(root, 'run', { workers: 1 })).result?.status).toBe('finished')
  const rebuilt: { node: string; first: string; second: string }[] = JSON.parse(
    readFileSync(join(root, 'same.json'), 'utf8'),
  )
  expect(rebuilt.map(({ node, first, second }) => [node, first === second])).toEqual([
    ['fit', true],
    ['best', true],
  ])
})

test('the types of elements are inferred, and what is no list is refused', () => {
  const catalog = defineCatalog({
    parts: list(json<{ a: number }>(), 'parts'),
    out: list(json<string>()),
    one: json<string>(),
  })
  const good = foreach({
    name: 'good',
    over: { part: catalog.parts },
    inputs: { rate: param('rate', 1) },
    outputs: { out: catalog.out },
    run: ({ part, rate }) => {
      expectTypeOf(part).toEqualTypeOf<{ a: number }>()
      expectTypeOf(rate).toEqualTypeOf<number>()
      return { out: 'x' }
    },
  })
  const use = node({
    name: 'use',
    inputs: { out: catalog.out },
    outputs: { one: catalog.one },
    run: ({ out }) => ({ one: out[0] }),
  })
  expect(pipeline([good, use]).nodes.map(({ name }) => name)).toEqual(['good', 'use'])
  foreach({
    name: 'bad',
    over: { rate: param('rates', [1]) },
    outputs: { out: catalog.out },
    // @ts-expect-error a number is no text
    run: ({ rate }) => ({ out: rate }),
  })
  const single = foreach({
    name: 'bad',
    over: { part: catalog.parts },
    // @ts-expect-error the output is no list
    outputs: { one: catalog.one },
    run: () => ({ one: 'x' }),
  })
  expect(() => pipeline([single])).toThrow(expect.objectContaining({ code: 'FOREACH_INVALID' }))
  const two = foreach({
    name: 'bad',
    over: { part: catalog.parts, rate: param('r', [1]) },
    outputs: { out: catalog.out },
    run: () => ({ out: 'x' }),
  })
  expect(() => pipeline([two])).toThrow(expect.objectContaining({ code: 'FOREACH_INVALID' }))
})
