import { once } from 'node:events'
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hashBytes, readGuard } from '@mlpod/contract'
import { modelOf, openSession } from '@mlpod/graph'
import { readSeal } from '@mlpod/promise'
import { type Service, service } from '@mlpod/serve'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyPod, type Workplace } from './workplace.ts'

let pod: Workplace
let first: ReturnType<Workplace['mlpod']>

beforeAll(() => {
  pod = copyPod('mortgage', 'mortgage')
  first = pod.mlpod('run')
}, 180_000)
afterAll(() => pod.remove())

const inPod = (path: string): string => join(pod.folder, path)
const model = () => modelOf(readFileSync(inPod('build/model.onnx')))

test('the first run makes everything and says how the promises stand', () => {
  expect(first.stderr).toMatch(/10 done/)
  expect(first.code).toBe(0)
  expect(first.stdout).toMatch(/\d+ kept {2}\d+ broken {2}\d+ undecided {3}of 14 promises/)
  for (const file of ['metrics.json', 'evidence.json', 'model.onnx', 'report.html'])
    expect(existsSync(inPod(`build/${file}`)), file).toBe(true)
  expect(first.stdout).toContain('build/report.html')
})

test('the second run restores everything, and so does a run after the copies were deleted', () => {
  const lock = readFileSync(inPod('mlpod.lock'), 'utf8')
  const again = pod.mlpod('run')
  expect(again.code).toBe(0)
  expect(again.stderr).toMatch(/10 cached/)
  const before = hashBytes(readFileSync(inPod('build/model.onnx')))
  writeFileSync(inPod('build/model.onnx'), '')
  expect(pod.mlpod('run').stderr).toMatch(/10 cached/)
  expect(hashBytes(readFileSync(inPod('build/model.onnx')))).toBe(before)
  expect(readFileSync(inPod('mlpod.lock'), 'utf8')).toBe(lock)
})

test('verify is the gate: it prints the ledger and fails exactly when a promise is broken', () => {
  const { code, stdout } = pod.mlpod('verify', '--json')
  const document = JSON.parse(stdout) as {
    promises: { name: string; verdict: string; interval: [number, number]; claim: { threshold: number } }[]
    summary: Record<string, number>
    exit: number
  }
  expect(document.promises).toHaveLength(14)
  expect(code).toBe(document.summary.broken > 0 ? 1 : 0)
  expect(document.exit).toBe(code)
  expect(document.summary.kept).toBeGreaterThanOrEqual(5)
  // what must hold on any machine
  const verdict = Object.fromEntries(document.promises.map(({ name, verdict }) => [name, verdict]))
  expect(verdict).toMatchObject({ 'schema holds': 'kept', 'no leak': 'kept', rebuilds: 'kept' })
  expect(pod.mlpod('verify', '--strict').code).not.toBe(0)
})

test('the sealed model carries its evidence, its schema and golden answers that it still gives', async () => {
  const sealed = model()
  expect(readSeal(sealed.metadata, sealed.bodyHash)?.evidence).toHaveLength(13)
  const { rows, outputs } = JSON.parse(sealed.metadata['mlpod.golden']) as {
    rows: Record<string, number | null>[]
    outputs: Record<string, { data: number[] }>
  }
  const session = await openSession(sealed)
  const feeds = Object.fromEntries(
    readGuard(sealed.metadata).columns.map(({ name }) => [
      name,
      {
        dtype: 'float32' as const,
        shape: [rows.length, 1],
        data: Float32Array.from(rows, (row) => row[name] ?? Number.NaN),
      },
    ]),
  )
  const answers = await session.run(feeds)
  await session.close()
  for (const name of ['probability', 'ood_p', 'attributions'])
    outputs[name].data.forEach((value, i) => {
      expect(answers[name].data[i] as number).toBeCloseTo(value, 5)
    })
})

test('status, why and runs answer, and a changed parameter is named as the reason', () => {
  expect(pod.mlpod('status').stdout).toMatch(/everything is current/)
  const why = pod.mlpod('why', 'fit', '-p', 'fit.epochs=3')
  expect(why.stdout).toMatch(/would run/)
  expect(why.stdout).toMatch(/fit\.epochs.*200.*3/)
  expect(pod.mlpod('runs', '--where', 'metrics.test.auc > 0.5').stdout).toMatch(/done/)
  expect(pod.mlpod('runs', '--where', 'metrics.test.auc >').code).toBe(2)
})

test('wrong commands, options, nodes and parameters are usage errors with the nearest name, and nothing runs', () => {
  for (const [args, message] of [
    [['rum'], /did you mean "run"/],
    [['run', '--wrokers', '2'], /wrokers/],
    [['run', 'evalute'], /did you mean "evaluate"/],
    [['run', '-p', 'fit.epoch=3'], /did you mean "fit\.epochs"/],
    [['run', '-p', 'fit.epochs="many"'], /fit\.epochs/],
    [['run', '-p', 'nothing'], /sets no parameter/],
    [['serve', '--port', '99999999'], /--port takes a whole number from 0 to 65535/],
  ] as const) {
    const { code, stderr } = pod.mlpod(...args)
    expect(code, args.join(' ')).toBe(2)
    expect(stderr, args.join(' ')).toMatch(message)
  }
  expect(pod.mlpod('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  for (const name of ['run', 'status', 'why', 'verify', 'runs', 'serve'])
    expect(pod.mlpod(name, '--help').stdout).toContain(`usage: mlpod ${name}`)
})

test('--json prints one event a line and nothing else on stdout', () => {
  const { code, stdout } = pod.mlpod('run', '--json')
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { v: number; type: string })
  expect(code).toBe(0)
  expect(events[0].type).toBe('run.started')
  expect(events.at(-1)?.type).toBe('run.finished')
  expect(events.every(({ v }) => v === 1)).toBe(true)
})

test('kill -9 in the middle of training loses nothing: the next run goes on, and the killed one is marked interrupted', async () => {
  const child = pod.start('run', '-p', 'fit.epochs=5000', '-p', 'seed=8', '--json')
  let started = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    started += chunk
  })
  while (!/"type":"node\.metric"/.test(started)) {
    if (child.exitCode !== null) throw new Error(`it ended before it was killed: ${started}`)
    await sleep(20)
  }
  child.kill('SIGKILL')
  await once(child, 'exit')
  const { code, stderr } = pod.mlpod('run')
  expect(code).toBe(0)
  expect(stderr).toMatch(/10 cached/)
  expect(pod.mlpod('runs', '--json').stdout).toContain('KILLED')
})

test('kill -9 at the start of any node leaves a store that the next run goes on from', async () => {
  for (const node of ['split', 'guard', 'verify', 'report']) {
    const child = pod.start('run', '--force', '--json')
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk
    })
    while (
      child.exitCode === null &&
      !said.split('\n').some((line) => line.includes('"node.started"') && line.includes(`"node":"${node}"`))
    )
      await sleep(10)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const { code, stderr } = pod.mlpod('run')
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/10 cached/)
})

test('made from scratch, everything has the bytes that the lock names', () => {
  const lock = readFileSync(inPod('mlpod.lock'), 'utf8')
  rmSync(inPod('.mlpod'), { recursive: true })
  const { code, stderr } = pod.mlpod('run')
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/10 done/)
  expect(readFileSync(inPod('mlpod.lock'), 'utf8')).toBe(lock)
  expect(JSON.parse(lock).model.bodyHash).toBe(model().bodyHash)
})

test('a model file that is cut off or no model is refused by name', () => {
  const bytes = readFileSync(inPod('build/model.onnx'))
  writeFileSync(inPod('cut.onnx'), bytes.subarray(0, bytes.length / 2))
  writeFileSync(inPod('text.onnx'), 'not a model')
  for (const file of ['cut.onnx', 'text.onnx', 'none.onnx']) {
    const { code, stderr } = pod.mlpod('serve', '--model', file, '--port', '0')
    expect(code, stderr).toBe(2)
    expect(stderr).toMatch(/MODEL_(CORRUPT|MISSING|NOT_GUARDED)/)
    expect(stderr).toContain(file)
  }
})

test('a corrupted object of the store is found, put aside, and made again', () => {
  const { nodes } = JSON.parse(readFileSync(inPod('mlpod.lock'), 'utf8')) as {
    nodes: Record<string, { outputs: Record<string, string> }>
  }
  const hash = nodes.calibrate.outputs.calibrated
  const object = inPod(`.mlpod/objects/${hash.slice(0, 2)}/${hash.slice(2)}`)
  chmodSync(object, 0o644)
  writeFileSync(object, readFileSync(object).subarray(0, statSync(object).size - 1))
  const { code, stderr } = pod.mlpod('run')
  expect(code, stderr).toBe(0)
  expect(hashBytes(readFileSync(object))).toBe(hash)
})

test('a lock of a newer version is refused before anything is run', () => {
  const lock = readFileSync(inPod('mlpod.lock'), 'utf8')
  writeFileSync(inPod('mlpod.lock'), lock.replace('"version":1', '"version":99'))
  const { code, stderr } = pod.mlpod('run')
  writeFileSync(inPod('mlpod.lock'), lock)
  expect(code).toBe(2)
  expect(stderr).toMatch(/99/)
})

test.each([
  ['missing', () => undefined, /loanapp\.csv/],
  ['empty', () => '', /empty/i],
  ['of another encoding', (text: string) => Buffer.from(`\ufeff${text.slice(0, 2000)}`, 'utf16le'), /UTF-16|UTF-8/],
  [
    'with a text where a number must be',
    (text: string) => text.replace('\n1,89,', '\n1,many,'),
    /loanamt.*many|many.*loanamt/s,
  ],
  [
    'with an unknown column',
    (text: string) =>
      text.replace(/^(.*)$/gm, (line, _all, at: number) =>
        line === '' ? line : `${line},${at === 0 ? 'extra' : '1'}`,
      ),
    /extra/,
  ],
  ['without a column', (text: string) => text.replace('occ,loanamt', 'occ,loanamnt'), /loanam/],
  ['with an infinite number', (text: string) => text.replace('\n1,89,', '\n1,inf,'), /loanamt/],
  ['with NaN', (text: string) => text.replace('\n1,89,', '\n1,NaN,'), /loanamt/],
] as const)('a source that is %s is an error that names it, and nothing is lost', (_what, change, message) => {
  const file = inPod('data/loanapp.csv')
  const text = readFileSync(file, 'utf8')
  const before = readdirSync(inPod('.mlpod/objects')).length
  const changed = change(text)
  try {
    if (changed === undefined) rmSync(file)
    else writeFileSync(file, changed)
    const { code, stderr } = pod.mlpod('run')
    expect(code).not.toBe(0)
    expect(stderr).toMatch(message)
  } finally {
    writeFileSync(file, text)
  }
  expect(pod.mlpod('run').stderr).toMatch(/10 cached/)
  expect(readdirSync(inPod('.mlpod/objects')).length).toBeGreaterThanOrEqual(before)
})

test('the server answers rows with everything the model says, and no input makes it fail', async () => {
  let served: Service | undefined
  try {
    served = await service(model(), { name: 'mortgage' })
    const { app } = served
    const post = async (payload: unknown, path = '/predict') => {
      const { statusCode, payload: text } = await app.inject({
        method: 'POST',
        url: path,
        headers: { 'content-type': 'application/json' },
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      })
      return {
        status: statusCode,
        body: JSON.parse(text) as Record<string, never> & {
          predictions: Record<string, unknown>[]
          errors: { pointer: string }[]
        },
      }
    }
    const { rows } = JSON.parse(model().metadata['mlpod.golden']) as { rows: Record<string, number | null>[] }
    const { status, body } = await post({ rows: rows.slice(0, 3), id: 'a1', attributions: true })
    expect(status).toBe(200)
    expect(body.predictions).toHaveLength(3)
    expect(Object.keys(body.predictions[0])).toEqual([
      'value',
      'probability',
      'set',
      'ood',
      'abstained',
      'reasons',
      'attributions',
    ])
    expect((await post(rows[0])).body).toMatchObject({
      model: 'mortgage',
      value: expect.stringMatching(/approved|rejected/),
    })
    expect((await post({ rows: [] })).body.predictions).toEqual([])
    const wrong = await post({ rows: [rows[0], { ...rows[1], price: 'much', gdlin: 3 }] })
    expect(wrong.status).toBe(422)
    expect(wrong.body.errors.map(({ pointer }) => pointer)).toEqual(['/rows/1/price', '/rows/1/gdlin'])
    expect((await post({ ...rows[0], price: undefined })).status).toBe(422)
    expect((await post('{"a":NaN}')).status).toBe(400)
    expect((await post('{"rows":[],"rows":[]}')).status).toBe(400)
    expect((await post(rows[0], '/predict/other')).status).toBe(404)
    expect((await post({ rows: Array.from({ length: 10_001 }, () => rows[0]) })).status).toBe(413)
    const together = await Promise.all(Array.from({ length: 40 }, (_, i) => post(rows[i % rows.length])))
    const alone = await post({ rows })
    together.forEach(({ body: answer }, i) => {
      expect(answer).toMatchObject(alone.body.predictions[i % rows.length])
    })
    for (const [method, url, expected] of [
      ['GET', '/health', 200],
      ['GET', '/models', 200],
      ['GET', '/models/mortgage', 200],
      ['GET', '/models/none', 404],
      ['GET', '/predict', 405],
      ['GET', '/../../etc/passwd', 404],
      ['DELETE', '/health', 405],
    ] as const)
      expect((await app.inject({ method, url })).statusCode, `${method} ${url}`).toBe(expected)
    expect(
      (await app.inject({ method: 'POST', url: '/predict', payload: 'a=1', headers: { 'content-type': 'text/plain' } }))
        .statusCode,
    ).toBe(415)
    await expect(served.listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow(/needs a token/)
  } finally {
    await served?.close()
  }
})
