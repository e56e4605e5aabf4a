import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { CHAIN, command, makePod, podOf, removePods, states, writeFiles } from './testPods.ts'

afterAll(removePods)

const all = (state: string): Record<string, string> => ({ double: state, sum: state, say: state })
const read = (root: string, path: string): string => readFileSync(join(root, path), 'utf8')
const edit = (root: string, path: string, from: string | RegExp, to: string): void => {
  const before = read(root, path)
  const after = before.replace(from, to)
  expect(after).not.toBe(before)
  writeFileSync(join(root, path), after)
}

test('a pod runs, and runs nothing the second time', async () => {
  const root = makePod(CHAIN)
  const first = await command(root)
  expect(states(first)).toEqual(all('done'))
  expect(read(root, 'build/total.json')).toBe('12\n')
  expect(first.result?.lockChanged).toBe(true)
  const types = first.events.map((event) => event.type)
  expect([types[0], types.at(-1)]).toEqual(['run.started', 'run.finished'])
  expect(first.events).toContainEqual({ type: 'node.metric', node: 'sum', name: 'n', value: 3, step: 0 })
  expect(first.events).toContainEqual({ type: 'node.note', node: 'sum', text: 'summed' })
  expect(first.events[0]).toMatchObject({
    params: { scale: 1 },
    sources: { numbers: { file: 'data/numbers.json', size: 9 } },
  })
  const lock = read(root, 'mlpod.lock')
  const second = await command(root)
  expect(states(second)).toEqual(all('cached'))
  expect(second.result?.lockChanged).toBe(false)
  expect(read(root, 'mlpod.lock')).toBe(lock)
  // A restored node tells its metrics and notes again, so that every run can be compared.
  expect(second.events).toContainEqual({ type: 'node.metric', node: 'sum', name: 'n', value: 3, step: 0 })
  expect(second.events).toContainEqual({ type: 'node.note', node: 'sum', text: 'summed' })
})

test('only what a node uses makes it run again', async () => {
  const root = makePod(CHAIN)
  await command(root)
  const cases: [string, () => void, Record<string, string>][] = [
    [
      'layout and comments',
      () => edit(root, 'src/nodes.ts', 'run: ({ numbers }) => (', '// hello\n  run: (\n{ numbers }\n) => ('),
      all('cached'),
    ],
    ['a type', () => edit(root, 'src/math.ts', 'twice = (x: number): number', 'twice = (x: number)'), all('cached')],
    ['quotes', () => edit(root, 'src/nodes.ts', "'total '", '"total "'), all('cached')],
    ['a function that nobody calls', () => edit(root, 'src/math.ts', 'x * 3', 'x * 4'), all('cached')],
    [
      'another dataset of the catalog',
      () => edit(root, 'src/catalog.ts', 'report: text()', 'report: text(), more: json()'),
      all('cached'),
    ],
    [
      'settings',
      () =>
        edit(
          root,
          'src/nodes.ts',
          "name: 'double',",
          "name: 'double', tags: ['x'], retry: { times: 2 }, timeoutMs: 60000,",
        ),
      all('cached'),
    ],
    [
      'the same result',
      () => edit(root, 'src/math.ts', 'x * 2', 'x + x'),
      { double: 'done', sum: 'cached', say: 'cached' },
    ],
    ['a function it calls', () => edit(root, 'src/math.ts', 'x + x', 'x + x + 1'), all('done')],
    [
      'its own code',
      () => edit(root, 'src/nodes.ts', '"total "', '"sum "'),
      { double: 'cached', sum: 'cached', say: 'done' },
    ],
    ['a touched source', () => utimesSync(join(root, 'data/numbers.json'), new Date(), new Date()), all('cached')],
    ['a changed source', () => writeFileSync(join(root, 'data/numbers.json'), '[1, 2, 4]'), all('done')],
    [
      'a source written another way',
      () => writeFileSync(join(root, 'data/numbers.json'), '[1,2,4]'),
      { double: 'done', sum: 'cached', say: 'cached' },
    ],
    [
      'a parameter',
      () => writeFileSync(join(root, 'params.yml'), 'scale: 2\n'),
      { double: 'cached', sum: 'done', say: 'done' },
    ],
    ['a parameter as before', () => rmSync(join(root, 'params.yml')), all('cached')],
  ]
  for (const [what, change, expected] of cases) {
    change()
    expect([what, states(await command(root))]).toEqual([what, expected])
  }
}, 120_000)

test('a node in the same module, or a changed neighbour, runs nothing else', async () => {
  const root = makePod(CHAIN)
  await command(root)
  appendFileSync(
    join(root, 'src/nodes.ts'),
    `export const last = node({ name: 'last', inputs: { report: catalog.report }, outputs: { end: catalog.end }, run: async ({ report }) => ({ end: report + (await import('./lazy.ts')).end }) })\n`,
  )
  writeFiles(root, { 'src/lazy.ts': `export const end = '!'\n` })
  edit(root, 'src/catalog.ts', 'report: text()', 'report: text(), end: text()')
  edit(root, 'mlpod.config.ts', /double, say, sum/, 'double, last, say, sum')
  edit(root, 'mlpod.config.ts', '[say,', '[last, say,')
  expect(states(await command(root))).toEqual({ ...all('cached'), last: 'done' })
  edit(root, 'src/lazy.ts', "'!'", "'?'")
  expect(states(await command(root))).toEqual({ ...all('cached'), last: 'done' })
})

test('what a slice names is made current with all it needs, and nothing else', async () => {
  const root = makePod(CHAIN)
  expect(states(await command(root, 'run', { only: { nodes: ['sum'] } }))).toEqual({ double: 'done', sum: 'done' })
  expect(Object.keys(JSON.parse(read(root, 'mlpod.lock')).nodes)).toEqual(['double', 'sum'])
  expect(states(await command(root, 'run', { only: { datasets: ['report'] } }))).toEqual({
    double: 'cached',
    sum: 'cached',
    say: 'done',
  })
  const { error } = await command(root, 'run', { only: { nodes: ['summ'] } })
  expect(error).toMatchObject({ code: 'NODE_UNKNOWN', message: expect.stringContaining('did you mean "sum"') })
})

test('a failed node stops only what comes after it, and the same command goes on from there', async () => {
  const root = makePod({
    ...podOf(
      'bad, after, good',
      `
export const bad = node({ name: 'bad', inputs: { a: catalog.a }, outputs: { b: catalog.b }, run: () => {
  throw new TypeError('no such column')
} })
export const after = node({ name: 'after', inputs: { b: catalog.b }, outputs: { c: catalog.c }, run: () => ({ c: 1 }) })
export const good = node({ name: 'good', inputs: { a: catalog.a }, outputs: { d: catalog.d }, run: () => ({ d: 1 }) })
`,
      `a: json('a.json'), b: json(), c: json(), d: json()`,
    ),
    'a.json': '1',
  })
  const first = await command(root)
  expect(states(first)).toEqual({ bad: 'failed', after: 'skipped', good: 'done' })
  expect(first.result).toMatchObject({ status: 'failed', lockChanged: false })
  expect(existsSync(join(root, 'mlpod.lock'))).toBe(false)
  const failed = first.events.find((event) => event.type === 'node.failed')
  expect(failed).toMatchObject({
    attempt: 1,
    error: { code: 'NODE_FAILED', message: 'bad: no such column', at: 'nodes.ts:7' },
  })
  expect(first.events).toContainEqual({ type: 'node.skipped', node: 'after', because: 'bad is not done' })
  edit(root, 'nodes.ts', "throw new TypeError('no such column')", 'return { b: 1 }')
  expect(states(await command(root))).toEqual({ bad: 'done', after: 'done', good: 'cached' })
})

test('a node that fails is tried again as often as it says', async () => {
  const root = makePod({
    ...podOf(
      'flaky',
      `
import { existsSync, writeFileSync } from 'node:fs'
const mark = new URL('./mark', import.meta.url)
export const flaky = node({ name: 'flaky', inputs: { a: catalog.a }, outputs: { b: catalog.b }, retry: { times: 2, delayMs: 10 }, run: () => {
  if (existsSync(mark)) return { b: 1 }
  writeFileSync(mark, '')
  throw new Error('not yet')
} })
`,
      `a: json('a.json'), b: json()`,
    ),
    'a.json': '1',
  })
  const { events, ...rest } = await command(root)
  expect(states({ events, ...rest })).toEqual({ flaky: 'done' })
  expect(
    events.filter((event) => event.type === 'node.started').map((event) => 'attempt' in event && event.attempt),
  ).toEqual([1, 2])
  expect(events).toContainEqual({
    type: 'node.note',
    node: 'flaky',
    text: 'attempt 1 of 2 failed (flaky: not yet); trying again in 10 ms',
  })
})

test('a node that takes too long is ended, and others are not', async () => {
  const root = makePod({
    ...podOf(
      'slow, quick, stuck',
      `
export const slow = node({ name: 'slow', inputs: { a: catalog.a }, outputs: { b: catalog.b }, timeoutMs: 300, run: () => new Promise(() => { setInterval(() => 0, 1000) }) })
export const stuck = node({ name: 'stuck', inputs: { a: catalog.a }, outputs: { c: catalog.c }, timeoutMs: 300, run: () => { for (;;) {} } })
export const quick = node({ name: 'quick', inputs: { a: catalog.a }, outputs: { d: catalog.d }, run: () => ({ d: 1 }) })
`,
      `a: json('a.json'), b: json(), c: json(), d: json()`,
    ),
    'a.json': '1',
  })
  const outcome = await command(root, 'run', { workers: 3 })
  expect(states(outcome)).toEqual({ slow: 'failed', stuck: 'failed', quick: 'done' })
  expect(outcome.result?.nodes.stuck.error).toMatchObject({
    code: 'NODE_TIMEOUT',
    message: 'stuck: not done after 300 ms',
  })
})

test('what a node returns is checked against its outputs, and the error names both', async () => {
  const make = (name: string, returned: string): string =>
    `export const ${name} = node({ name: '${name}', inputs: { a: catalog.a }, outputs: { value: catalog.${name} }, run: (): any => (${returned}) })\n`
  const cases: [string, string, string, string][] = [
    ['missing', '{}', 'OUTPUT_MISSING', 'missing: run did not return output "value"'],
    [
      'unknown',
      '{ value: 1, valeu: 2 }',
      'OUTPUT_UNKNOWN',
      'unknown: run returned "valeu", which is no output (did you mean "value"?)',
    ],
    ['list', '[1]', 'OUTPUT_MISSING', 'list: run returned a list and not its outputs'],
    [
      'closure',
      '{ value: { f: () => 1 } }',
      'OUTPUT_UNWRITABLE',
      'closure: output "value" (dataset "closure") cannot be written as json',
    ],
    ['nothing', 'undefined', 'OUTPUT_MISSING', 'nothing: run did not return output "value"'],
  ]
  const root = makePod({
    ...podOf(
      cases.map(([name]) => name).join(', '),
      cases.map(([name, returned]) => make(name, returned)).join(''),
      `a: json('a.json'), ${cases.map(([name]) => `${name}: json()`).join(', ')}`,
    ),
    'a.json': '1',
  })
  const { result } = await command(root)
  for (const [name, , code, message] of cases) expect(result?.nodes[name].error).toMatchObject({ code, message })
  expect(result?.nodes.closure.error?.because).toContain('$.f')
  expect(readdirSync(join(root, '.mlpod/tmp'))).toEqual([])
})

test('a source that cannot be read fails the nodes that read it, and says which', async () => {
  const root = makePod({ ...CHAIN, 'data/numbers.json': '[1, 2' })
  const { result } = await command(root)
  expect(result?.nodes.double.error).toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: 'double: input "numbers" (dataset "numbers") cannot be read',
    because: expect.stringContaining('no JSON'),
  })
})

test('what is wrong with the pod is said before anything is run or written', async () => {
  const cases: [Record<string, string>, object][] = [
    [{ 'data/numbers.json': '' }, {}],
    [
      { 'params.yml': 'skale: 1' },
      { code: 'PARAM_UNKNOWN', at: 'params.yml', message: expect.stringContaining('did you mean "scale"') },
    ],
    [
      { 'params.yml': 'scale: "1"' },
      { code: 'PARAM_TYPE', at: 'params.yml', message: 'parameter "scale" must be a number, not a string ("1")' },
    ],
    [{ 'mlpod.lock': '{\n"data":{},\n"nodes":{},\n"version":2\n}\n' }, { code: 'LOCK_NEWER', at: 'mlpod.lock:4' }],
    [{ 'mlpod.lock': '{\n"data":{},\n<<<<<<< HEAD\n' }, { code: 'LOCK_MALFORMED', at: 'mlpod.lock:3' }],
    [{ 'src/math.ts': 'export const twice = (' }, { code: 'CONFIG_BROKEN' }],
    [
      { 'mlpod.config.ts': 'export default {}' },
      { code: 'CONFIG_INVALID', message: expect.stringContaining('has no name') },
    ],
    [
      {
        'mlpod.config.ts': CHAIN['mlpod.config.ts']
          .replace('[say,', "[node({ name: 'inner', inputs: { a: catalog.total }, outputs: {}, run: () => {} }), say,")
          .replace('import { pipeline', 'import { node, pipeline'),
      },
      { code: 'NODE_NOT_EXPORTED', hint: 'write: export const inner = node({ ... })' },
    ],
    [
      { 'src/catalog.ts': CHAIN['src/catalog.ts'].replace('build/total.json', '../total.json') },
      { code: 'PATH_ESCAPES' },
    ],
    [{ 'src/catalog.ts': CHAIN['src/catalog.ts'].replace("'data/numbers.json'", '') }, { code: 'SOURCE_WITHOUT_FILE' }],
    [
      { 'src/catalog.ts': CHAIN['src/catalog.ts'].replace('data/numbers', 'data/none') },
      { code: 'SOURCE_MISSING', message: 'dataset "numbers" has no file data/none.json' },
    ],
  ]
  for (const [files, expected] of cases.slice(1)) {
    const root = makePod({ ...CHAIN, ...files })
    const { error, events } = await command(root)
    expect(error).toMatchObject(expected)
    expect([events, existsSync(join(root, '.mlpod/actions'))]).toEqual([[], false])
  }
}, 120_000)

test('a corrupt or lost object is noticed, set aside, and made again', async () => {
  const root = makePod(CHAIN)
  const { result } = await command(root)
  const { hash } = result!.nodes.double.outputs!.doubled
  const object = join(root, '.mlpod/objects', hash.slice(0, 2), hash.slice(2))
  chmodSync(object, 0o644)
  writeFileSync(object, '[9,9,9]\n')
  expect(states(await command(root))).toEqual({ double: 'done', sum: 'cached', say: 'cached' })
  expect(readdirSync(join(root, '.mlpod/quarantine'))[0]).toContain(hash)
  rmSync(object)
  expect(states(await command(root))).toEqual({ double: 'done', sum: 'cached', say: 'cached' })
})

test('a copy of an output that was edited by hand is kept aside and put back', async () => {
  const root = makePod(CHAIN)
  await command(root)
  writeFileSync(join(root, 'build/total.json'), '13\n')
  const { events } = await command(root)
  const note = events.find((event) => event.type === 'node.note' && event.text.includes('by hand'))
  expect(note).toMatchObject({ node: 'sum' })
  const [kept] = readdirSync(join(root, '.mlpod/edited/build'))
  expect(read(root, `.mlpod/edited/build/${kept}`)).toBe('13\n')
  expect(read(root, 'build/total.json')).toBe('12\n')
  rmSync(join(root, 'build'), { recursive: true })
  expect(states(await command(root))).toEqual(all('cached'))
  expect(read(root, 'build/total.json')).toBe('12\n')
})

test('a forced node runs; other bytes under the same key are reported and the first result stays', async () => {
  const root = makePod({
    ...podOf(
      'luck, use',
      `
export const luck = node({ name: 'luck', inputs: { a: catalog.a }, outputs: { b: catalog.b }, run: () => ({ b: Math.random() }) })
export const use = node({ name: 'use', inputs: { b: catalog.b }, outputs: { c: catalog.c }, run: ({ b }) => ({ c: b }) })
`,
      `a: json('a.json'), b: json(), c: json()`,
    ),
    'a.json': '1',
  })
  const first = await command(root)
  const second = await command(root, 'run', { force: ['luck'] })
  expect(states(second)).toEqual({ luck: 'done', use: 'cached' })
  expect(second.events).toContainEqual({
    type: 'node.note',
    node: 'luck',
    text: expect.stringContaining('b came out with other bytes than before'),
  })
  expect(second.result?.nodes.luck.outputs).toEqual(first.result?.nodes.luck.outputs)
})

test('a node can have others rebuilt, and learns whether they give the same bytes', async () => {
  const root = makePod({
    ...podOf(
      'same, luck, timed, check',
      `
export const same = node({ name: 'same', inputs: { a: catalog.a, seed: param('seed', 7) }, outputs: { b: catalog.b }, run: (_, { seed }) => ({ b: seed }) })
export const luck = node({ name: 'luck', inputs: { b: catalog.b }, outputs: { c: catalog.c }, run: () => ({ c: Math.random() }) })
export const timed = node({ name: 'timed', inputs: { b: catalog.b }, outputs: { d: catalog.d }, volatile: true, run: () => ({ d: Math.random() }) })
export const check = node({ name: 'check', inputs: { b: catalog.b, c: catalog.c, d: catalog.d }, outputs: { e: catalog.e }, observes: 'keys',
  late: ({ inputs }) => ({ n: Object.keys(inputs).length }),
  run: async (_, { rebuild, late, seed }) => {
    const wrong = await rebuild(['none']).catch((error) => error.code)
    return { e: { all: await rebuild(), one: await rebuild(['same']), late, wrong, seed } }
  } })
`,
      `a: json('a.json'), b: json(), c: json(), d: json(), e: json('e.json')`,
    ),
    'a.json': '1',
  })
  const outcome = await command(root, 'run', { workers: 1 })
  expect(states(outcome)).toEqual({ same: 'done', luck: 'done', timed: 'done', check: 'done' })
  const { all: rebuilt, one, late, wrong, seed } = JSON.parse(read(root, 'e.json'))
  expect(
    rebuilt.map(({ node, output, first, second }: Record<string, string>) => [node, output, first === second]),
  ).toEqual([
    ['same', 'b', true],
    ['luck', 'c', false],
  ])
  expect([one.length, late, wrong]).toEqual([1, { n: 3 }, 'NODE_UNKNOWN'])
  expect(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32).toBe(true)
  // An observed node that runs again without changing its bytes makes the observer run again, and nobody else.
  edit(root, 'nodes.ts', 'b: seed', 'b: seed + 0')
  expect(states(await command(root))).toEqual({ same: 'done', luck: 'cached', timed: 'cached', check: 'done' })
})

test('what a node prints becomes notes, not output', async () => {
  const root = makePod({
    ...podOf(
      'talk',
      `
export const talk = node({ name: 'talk', inputs: { a: catalog.a }, outputs: { b: catalog.b }, run: async () => {
  console.log('hello\\nthere'); console.error('oops'); await new Promise((done) => setTimeout(done, 50)); return { b: 1 }
} })`,
      `a: json('a.json'), b: json()`,
    ),
    'a.json': '1',
  })
  const { events } = await command(root)
  const notes = events.flatMap((event) => (event.type === 'node.note' ? [event.text] : []))
  expect(notes.sort()).toEqual(['hello', 'oops', 'there'])
})

test('a folder can be a source and an output', async () => {
  const root = makePod({
    ...podOf(
      'copy, count',
      `
export const copy = node({ name: 'copy', inputs: { images: catalog.images }, outputs: { folder: catalog.folder }, run: ({ images }) => ({ folder: images }) })
export const count = node({ name: 'count', inputs: { folder: catalog.folder }, outputs: { n: catalog.n }, run: ({ folder }) => ({ n: folder.length }) })
`,
      '',
    ),
    'catalog.ts': `
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { defineCatalog, json } from '@mlpod/pipeline'
const names = (file) => ({ kind: 'names', file, extension: '', describe: null,
  read: (path) => readdir(path), write: async (list, path) => { await mkdir(path); for (const name of list) await writeFile(path + '/' + name, name) } })
export const catalog = defineCatalog({ images: names('images'), folder: names('build/folder'), n: json('build/n.json') })
`,
    'images/a.txt': 'x',
    'images/b.txt': 'y',
  })
  expect(states(await command(root))).toEqual({ copy: 'done', count: 'done' })
  expect([read(root, 'build/n.json'), read(root, 'build/folder/a.txt')]).toEqual(['2\n', 'a.txt'])
  expect(states(await command(root))).toEqual({ copy: 'cached', count: 'cached' })
  writeFiles(root, { 'images/c.txt': 'z' })
  expect(states(await command(root))).toEqual({ copy: 'done', count: 'done' })
  expect(read(root, 'build/n.json')).toBe('3\n')
})

test('a store named by MLPOD_STORE is shared: what one pod made, its copy restores', async () => {
  const store = join(makePod({}), 'shared')
  const [one, two] = [makePod(CHAIN), makePod(CHAIN)]
  expect(states(await command(one, 'run', {}, { MLPOD_STORE: store }))).toEqual(all('done'))
  expect(existsSync(join(one, '.mlpod/objects'))).toBe(false)
  expect(states(await command(two, 'run', {}, { MLPOD_STORE: store }))).toEqual(all('cached'))
  expect(read(two, 'mlpod.lock')).toBe(read(one, 'mlpod.lock'))
})

test('a source that is missing comes back from the store when the lock names it', async () => {
  const root = makePod({
    ...podOf(
      'copy',
      `export const copy = node({ name: 'copy', inputs: { a: catalog.a }, outputs: { b: catalog.b }, run: ({ a }) => ({ b: a }) })`,
      `a: json('a.json'), b: json()`,
    ),
    'a.json': '1\n',
  })
  await command(root)
  rmSync(join(root, 'a.json'))
  // The output has the same bytes, so the store has them.
  expect(states(await command(root))).toEqual({ copy: 'cached' })
  expect(read(root, 'a.json')).toBe('1\n')
})
