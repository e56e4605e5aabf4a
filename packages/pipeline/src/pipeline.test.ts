import { PodError } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnyNode, defineCatalog, json, node, param, pipeline, slice } from './index.ts'
import { byCodePoint } from './order.ts'

const catalog = defineCatalog(Object.fromEntries('abcdefghij'.split('').map((name) => [name, json<number>()])))

/** A node that reads and makes datasets of one letter each. */
const make = (name: string, reads: string, makes: string, more: Partial<AnyNode> = {}): AnyNode => ({
  ...node({
    name,
    inputs: Object.fromEntries([...reads].map((letter) => [letter, catalog[letter]])),
    outputs: Object.fromEntries([...makes].map((letter) => [letter, catalog[letter]])),
    run: () => ({}) as never,
  }),
  ...more,
})
const names = (nodes: readonly AnyNode[]): string => nodes.map(({ name }) => name).join(' ')
const refusal = (work: () => unknown): [string, string] | undefined => {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof PodError ? [error.code, error.message] : ['', String(error)]
  }
}

test('nodes run in layers, by code point inside a layer', () => {
  const { groups, sources } = pipeline([
    make('z', 'c', 'd'),
    make('a-b', 'a', 'b'),
    make('a.b', 'a', 'c'),
    make('B', 'b', 'e'),
    make('1', 'a', 'f'),
  ])
  expect(groups.map(names)).toEqual(['1 a-b a.b', 'B z'])
  expect([...sources.keys()]).toEqual(['a'])
  expect(['\u{1F600}', '\uFF5E'].sort(byCodePoint)).toEqual(['\uFF5E', '\u{1F600}'])
})

test('whatever the graph, each node comes after those that make its inputs', () => {
  const graph = fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 3 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(graph, fc.infiniteStream(fc.nat()), (edges, luck) => {
      const letters = 'abcdefghij'
      const nodes = edges.map((reads, i) =>
        make(
          `n${i}`,
          reads
            .filter((j) => j < i)
            .map((j) => letters[j])
            .join(''),
          letters[i],
        ),
      )
      const shuffled = nodes
        .map((one) => ({ one, at: luck.next().value! }))
        .sort((x, y) => x.at - y.at)
        .map(({ one }) => one)
      const whole = pipeline(shuffled)
      const place = new Map(whole.nodes.map(({ name }, i) => [name, i]))
      for (const [name, parents] of whole.parents)
        for (const parent of parents) expect(place.get(parent)!).toBeLessThan(place.get(name)!)
      expect(names(whole.nodes)).toBe(names(pipeline(nodes).nodes))
      for (const { name } of nodes) {
        const up = slice(whole, { to: [name] })
        const down = slice(whole, { from: [name] })
        expect(up.filter((one) => down.includes(one)).map((one) => one.name)).toEqual([name])
      }
    }),
  )
})

test('wiring that cannot work is refused, and all parties are named', () => {
  const other = defineCatalog({ a: json('other.json') })
  const cases: [() => unknown, string, string][] = [
    [() => pipeline([make('x', 'a', 'b'), make('x', 'a', 'c')]), 'NODE_TWICE', 'two nodes have the name "x"'],
    [
      () => pipeline([make('x', 'a', 'b'), make('y', 'a', 'b')]),
      'OUTPUT_TWICE',
      'nodes "x" and "y" both make dataset "b"',
    ],
    [
      () => pipeline([make('x', 'a', 'bb'), { ...make('y', '', ''), outputs: { p: catalog.c, q: catalog.c } }]),
      'OUTPUT_TWICE',
      'node "y" has dataset "c" twice among its outputs',
    ],
    [() => pipeline([make('x', 'ab', 'b')]), 'OUTPUT_IS_INPUT', 'node "x" reads and makes dataset "b"'],
    [
      () => pipeline([make('x', 'a', 'b'), make('y', 'b', 'c'), make('z', 'cd', 'a'), make('w', 'a', 'd')]),
      'CYCLE',
      'these nodes wait for each other: ',
    ],
    [() => pipeline([make('x', '', '')]), 'NODE_EMPTY', 'node "x" has neither inputs nor outputs'],
    [() => pipeline([make('a b', 'a', 'b')]), 'NAME_MALFORMED', '"a b" is no name for a node'],
    [() => pipeline([make('x', 'a', 'b', { tags: ['a/b'] })]), 'NAME_MALFORMED', '"a/b" is no name for a tag'],
    [
      () => pipeline([make('x', 'a', 'b', { retry: { times: -1 } })]),
      'NODE_INVALID',
      'node "x" has retry.times -1, which is out of range',
    ],
    [
      () => pipeline([make('x', 'a', 'b', { timeoutMs: 0 })]),
      'NODE_INVALID',
      'node "x" has timeoutMs 0, which is out of range',
    ],
    [
      () => pipeline([make('x', 'a', 'b', { after: [make('late', 'a', 'c')] })]),
      'NODE_UNKNOWN',
      'node "x" comes after "late", which is not in the pipeline',
    ],
    [
      () => pipeline([make('x', 'a', 'b'), { ...make('y', '', 'c'), inputs: { a: other.a } }]),
      'DATASET_CLASH',
      'two different datasets have the name "a"',
    ],
    [
      () => pipeline([{ ...make('x', '', 'c'), inputs: { a: json() } }]),
      'DATASET_UNNAMED',
      'node "x" uses a dataset without a name for "a"',
    ],
    [
      () => pipeline([{ ...make('x', '', 'c'), inputs: { a: undefined as never } }]),
      'HANDLE_MISSING',
      'node "x" has no dataset for "a"',
    ],
    [() => pipeline([{} as AnyNode]), 'NODE_INVALID', 'a pipeline is made of nodes, and one of its items is none'],
    [() => defineCatalog({ 'a b': json() }), 'NAME_MALFORMED', '"a b" is no name for a dataset'],
    [() => defineCatalog({ a: json('x'), b: json('x') }), 'FILE_TWICE', 'datasets "a" and "b" are the same file x'],
  ]
  for (const [work, code, message] of cases) {
    const [found, said] = refusal(work) ?? ['', '']
    expect([found, said.slice(0, message.length)]).toEqual([code, message])
  }
})

test('a cycle is told by its path', () => {
  const [, message] = refusal(() => pipeline([make('x', 'a', 'b'), make('y', 'b', 'c'), make('z', 'c', 'a')]))!
  expect(message).toMatch(/^these nodes wait for each other: (x -> y -> z -> x|y -> z -> x -> y|z -> x -> y -> z)$/)
})

test('an empty pipeline is allowed', () => {
  expect(pipeline([]).nodes).toEqual([])
})

test('slices select by node, direction, tag and dataset, and all conditions must hold', () => {
  const whole = pipeline([
    make('one', 'a', 'b', { tags: ['fit'] }),
    make('two', 'b', 'c'),
    make('three', 'b', 'd', { tags: ['fit', 'x'] }),
    make('four', 'cd', 'e'),
  ])
  const cases: [Parameters<typeof slice>[1], string][] = [
    [{}, 'one three two four'],
    [{ nodes: ['two'] }, 'two'],
    [{ from: ['two'] }, 'two four'],
    [{ to: ['three'] }, 'one three'],
    [{ tags: ['fit'] }, 'one three'],
    [{ datasets: ['d'] }, 'one three'],
    [{ from: ['one'], to: ['two'] }, 'one two'],
    [{ from: ['two'], tags: ['fit', 'x'], nodes: ['two', 'three', 'four'] }, ''],
  ]
  for (const [which, expected] of cases)
    if (expected === '') expect(refusal(() => slice(whole, which))?.[0]).toBe('SLICE_EMPTY')
    else expect(names(slice(whole, which))).toBe(expected)
  expect(refusal(() => slice(whole, { nodes: ['too'] }))).toEqual([
    'NODE_UNKNOWN',
    'there is no node "too" (did you mean "two"?)',
  ])
  expect(refusal(() => slice(whole, { tags: ['fitt'] }))).toEqual([
    'TAG_UNKNOWN',
    'there is no tag "fitt" (did you mean "fit"?)',
  ])
  expect(refusal(() => slice(whole, { datasets: ['a'] }))?.[0]).toBe('DATASET_UNKNOWN')
})

test('a node may only depend on a parameter', () => {
  const one = node({ name: 'one', inputs: { n: param('n', 1) }, outputs: { a: catalog.a }, run: ({ n }) => ({ a: n }) })
  expect(names(pipeline([one]).nodes)).toBe('one')
})
