import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { modelOf, withMetadata } from '@mlpod/graph'
import { afterEach, expect, inject, test } from 'vitest'

const folder = inject('pod')
const bin = join(import.meta.dirname, '../../packages/mlpod/bin/mlpod.js')
const model = modelOf(readFileSync(join(folder, 'build/model.onnx')))
const golden = JSON.parse(model.metadata['mlpod.golden']) as { rows: object[] }

let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
})

/** Starts `mlpod serve`; returns its URL, or what it said when it ended before it was ready. */
async function serve(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ url?: string; code?: number; stderr: string }> {
  let [stdout, stderr] = ['', '']
  const started = spawn(process.execPath, [bin, 'serve', '--json', ...args], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', LC_ALL: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  started.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const ended = once(started, 'exit').then(([code]) => ({ code: code as number, stderr }))
  const ready = new Promise<{ url: string; stderr: string }>((resolve) =>
    started.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk
      if (stdout.includes('\n')) resolve({ url: (JSON.parse(stdout) as { url: string }).url, stderr })
    }),
  )
  return Promise.race([ready, ended])
}

const ask = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ rows: golden.rows }),
  })

test('mlpod serve answers, and ends with 0 on SIGTERM with what was asked answered', async () => {
  const { url } = await serve(['--port', '0'])
  const answer = await ask(url!)
  expect(answer.status).toBe(200)
  expect(((await answer.json()) as { predictions: unknown[] }).predictions).toHaveLength(golden.rows.length)
  const late = ask(url!)
  await new Promise((resolve) => setTimeout(resolve, 20))
  child!.kill('SIGTERM')
  const [code] = await once(child!, 'exit')
  expect(code).toBe(0)
  expect((await late).status).toBe(200)
})

test('on an address that others reach it needs a token, and asks for it', async () => {
  expect(await serve(['--port', '0', '--host', '0.0.0.0'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error TOKEN_MISSING.*\n {2}try {2}set MLPOD_TOKEN/),
  })
  const { url } = await serve(['--port', '0', '--host', '0.0.0.0'], { MLPOD_TOKEN: 'a-secret' })
  const port = new URL(url!).port
  expect((await ask(`http://127.0.0.1:${port}`)).status).toBe(401)
  expect((await ask(`http://127.0.0.1:${port}`, { authorization: 'Bearer a-secret' })).status).toBe(200)
})

test('a port that is taken is outside trouble (4), a model whose golden rows are answered otherwise a failed check (1)', async () => {
  const { url } = await serve(['--port', '0'])
  const first = child
  expect(await serve(['--port', new URL(url!).port])).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/error PORT_IN_USE/),
  })
  first?.kill('SIGKILL')
  const changed = structuredClone(golden) as unknown as { outputs: { probability: { data: number[] } } }
  changed.outputs.probability.data[0] += 0.01
  const forged = withMetadata(model, { ...model.metadata, 'mlpod.golden': JSON.stringify(changed) })
  writeFileSync(join(folder, 'build/other.onnx'), forged.bytes)
  expect(await serve(['--port', '0', '--model', 'build/other.onnx'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/error SELF_TEST_FAILED {2}golden row 0 is answered with probability/),
  })
})
