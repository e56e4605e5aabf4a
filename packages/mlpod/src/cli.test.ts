import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePod, type TestPod, THROWING_LINE } from './testPod.ts'

let pod: TestPod
beforeAll(() => {
  pod = makePod()
})
afterAll(() => pod.remove())

test('a run says what was done, how the promise stands, what was made and what comes next; the second restores', () => {
  const first = pod.mlpod(['run'])
  expect(first.code, first.stderr).toBe(0)
  expect(first.stderr).toMatch(/✓ double .* successes 99 {2}doubled \d+ B\n/)
  expect(first.stderr).toMatch(/ {2}4 done {3}\d+\.\d\ds {3}run [0-9a-f]{8}\n$/)
  expect(first.stdout).toMatch(/often enough {2}✓ kept .* 0\.990 {2}\[0\.\d+, 1?[.\d]+\] +100 {2}rate >= 0\.9\n/)
  expect(first.stdout).toMatch(/1 kept {2}0 broken {2}0 undecided {3}of 1 promises/)
  expect(first.stdout).toMatch(/doubled {3}build\/doubled\.json\n/)
  expect(first.stdout).toMatch(/next {2}mlpod verify {3}mlpod serve/)
  const second = pod.mlpod(['run'])
  expect(second.stderr).toMatch(/ {2}4 cached /)
  expect(second.stdout).toBe(first.stdout)
})

test('exit codes: 0 done, 1 the answer is no, 2 usage, 3 undecided under --strict, 4 the world outside', async () => {
  const code = (...args: string[]): number | null => pod.mlpod(args).code
  expect(code('run')).toBe(0)
  expect(code('run', '-p', 'boom=true')).toBe(1)
  expect(code('verify', '-p', 'successes=50')).toBe(1)
  expect(code('verify', '-p', 'successes=92')).toBe(0)
  expect(code('verify', '--strict', '-p', 'successes=92')).toBe(3)
  expect(code('verify', '--strict', '-p', 'successes=50')).toBe(1)
  for (const args of [['rnu'], ['run', '--nope'], ['run', 'nope'], ['run', '-p', 'nope=1'], []])
    expect(code(...args), args.join(' ')).toBe(2)
  writeFileSync(join(pod.folder, 'file'), '')
  const blocked = pod.mlpod(['run', '--force'], { MLPOD_STORE: join(pod.folder, 'file/store') })
  expect([blocked.code, blocked.stderr], blocked.stderr).toMatchObject([4, expect.stringMatching(/ENOTDIR|STORE_/)])
})

test('Ctrl-C once lets what runs finish and starts nothing new; twice ends it; SIGTERM is 143; the way on is printed', async () => {
  for (const [signals, code, message] of [
    [['SIGINT'], 130, /✓ double/],
    [['SIGINT', 'SIGINT'], 130, /- double .* stopped/],
    [['SIGTERM'], 143, /✓ double/],
  ] as const) {
    const ms = 1500 + Math.floor(Math.random() * 1e6) / 1e4
    const child = pod.start(['run', '--force', '-p', `ms=${ms}`, '-p', 'successes=98'])
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk
    })
    while (!stderr.includes('✓ count') && child.exitCode === null) await sleep(20)
    await sleep(500)
    child.kill(signals[0])
    await sleep(200)
    if (signals.length > 1) child.kill('SIGINT')
    const [exit] = await once(child, 'exit')
    expect(exit, stderr).toBe(code)
    expect(stderr).toMatch(/stopping: running nodes have 10 s to finish/)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/skipped: the run was interrupted/)
    expect(stderr).toContain(`Resume with  mlpod run -p ms=${ms} -p successes=98`)
    expect(stderr).not.toContain('error')
  }
})

test('a node that throws is shown where it did, with its code, and what was done is kept', () => {
  const { code, stderr, stdout } = pod.mlpod(['run', '-p', 'boom=true', '-p', 'successes=97'])
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/✓ count/)
  expect(stderr).toMatch(/✗ double .* failed\n/)
  expect(stderr).toMatch(/error NODE_FAILED {2}double: .*counts/)
  expect(stderr).toContain(`  at   src/double.ts:${THROWING_LINE}`)
  expect(stderr).toContain(`>   ${THROWING_LINE} |     const { n } = race.counts`)
  expect(stderr).toContain('Resume with  mlpod run -p boom=true -p successes=97')
})

test('help: general, of a command either way, in the order of the table; the version', () => {
  expect(pod.mlpod([]).stdout).toBe(pod.mlpod(['--help']).stdout)
  expect(pod.mlpod(['help']).stdout).toMatch(/run .*\n {2}status .*\n {2}why .*\n {2}verify /)
  const help = pod.mlpod(['run', '--help']).stdout
  expect(pod.mlpod(['help', 'run']).stdout).toBe(help)
  expect(help).toMatch(/--force .*\n.*--workers N/)
  expect(pod.mlpod(['help', 'rum'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/did you mean "run"/) })
  expect(pod.mlpod(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('help, the version and mistakes load nothing but the words that rooms share', () => {
  const seen = new Set<string>()
  const outside = new Set<string>()
  const walk = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export) (?!type )[^'(=]*from '([^']+)'/gm,
    ))
      if (specifier.startsWith('.')) walk(join(file, '..', specifier))
      else outside.add(specifier.replace(/^node:.*/, 'node:'))
  }
  walk(join(import.meta.dirname, 'cli.ts'))
  expect(seen.size).toBeGreaterThan(5)
  expect([...outside].sort()).toEqual(['@mlpod/contract', 'node:'])
})

test.each([
  [['rnu'], /error COMMAND_UNKNOWN {2}mlpod has no command "rnu" \(did you mean "run"\?\)\n {2}try {2}mlpod --help/],
  [['constructor'], /no command "constructor"/],
  [
    ['run', '--wrokers', '2'],
    /mlpod run has no option "wrokers" \(did you mean "workers"\?\)\n {2}try {2}mlpod run --help/,
  ],
  [['run', '--workers'], /'--workers <value>' argument missing/],
  [['run', '--workers', 'two'], /--workers takes a whole number from 1 to 1024, not "two"/],
  [['run', '--workers', '0'], /not "0"/],
  [['run', '--color', 'pink'], /--color takes auto, always, never, not "pink"/],
  [['run', 'duoble'], /did you mean "double"/],
  [['run', '-p', 'success=1'], /did you mean "successes"/],
  [['run', '-p', 'nothing'], /sets no parameter/],
  [['verify', 'extra'], /Unexpected argument 'extra'/],
  [['runs', '--limit', 'x'], /--limit takes a whole number/],
  [['runs', '--where', 'metrics.a >'], /error FILTER_/],
  [['runs', 'nope'], /no run "nope"/],
  [['serve', '--port', '99999'], /--port takes a whole number from 0 to 65535/],
  [['serve'], /does not say which model it serves/],
] as const)('%j is wrong usage, said with the nearest name, and nothing runs', (args, message) => {
  const { code, stdout, stderr } = pod.mlpod(args)
  expect([code, stdout], stderr).toEqual([2, ''])
  expect(stderr).toMatch(message)
})

test('outside of a pod, and in one that cannot be read, the error says where and what to do', () => {
  const other = makePod()
  other.write('mlpod.config.ts', 'import { nothing } from "./src/none.ts"\nexport default nothing\n')
  expect(other.mlpod(['status'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error CONFIG_BROKEN.*\n.*because .*none\.ts/s),
  })
  other.write('mlpod.config.ts', 'const pod: undefined = undefined\n\nexport default pod.name\n')
  const thrown = other.mlpod(['status'])
  expect(thrown.code).toBe(2)
  expect(thrown.stderr).toMatch(/at {3}mlpod\.config\.ts:3\n.*\n +> {4}3 \| export default pod\.name/)
  other.write('mlpod.config.ts', 'const pod = 1\n\nexport default pod pod\n')
  expect(other.mlpod(['status']).stderr).toMatch(/error CONFIG_BROKEN.*\n {2}at {3}mlpod\.config\.ts:3\n/)
  other.write('mlpod.config.ts', 'export default {}\n')
  expect(other.mlpod(['run'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/CONFIG_INVALID/) })
  rmSync(join(other.folder, 'mlpod.config.ts'))
  expect(other.mlpod(['run'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error POD_MISSING.*\n {2}try /),
  })
  other.remove()
})

test('runs are sorted and chosen; a key that begins with a dash is a key', () => {
  pod.mlpod(['run', '-p', 'successes=91'])
  const values = (...args: string[]): number[] =>
    (JSON.parse(pod.mlpod(['runs', '--json', ...args]).stdout) as { runs: { metrics: Record<string, number> }[] }).runs
      .map(({ metrics }) => metrics.successes)
      .filter((value) => value !== undefined)
  const sorted = values('--sort', '-metrics.successes')
  expect(sorted.length).toBeGreaterThan(1)
  expect(sorted).toEqual([...sorted].sort((a, b) => b - a))
  expect(values('--sort=metrics.successes')).toEqual([...sorted].sort((a, b) => a - b))
  expect(new Set(values('--where', 'metrics.successes < 95'))).toEqual(new Set([91]))
  expect(pod.mlpod(['runs', '--sort', '--json']).code).toBe(2)
  expect(pod.mlpod(['runs', '--limit', '1']).stdout).toMatch(/run +when +state +promises +successes +took +commit\n/)
})

test('--json is one document a line on standard output and nothing else, and never changes the exit code', () => {
  const lines = (text: string): { v: number; type?: string }[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const run = pod.mlpod(['run', '--json'])
  expect(run.code).toBe(0)
  expect(lines(run.stdout).every(({ v }) => v === 1)).toBe(true)
  expect(lines(run.stdout).at(-1)?.type).toBe('run.finished')
  const failed = pod.mlpod(['run', '--json', '-p', 'boom=true'])
  expect(failed.code).toBe(1)
  expect(lines(failed.stdout).some(({ type }) => type === 'node.failed')).toBe(true)
  expect(failed.stderr).toMatch(/error NODE_FAILED/)
  for (const args of [['status'], ['why'], ['verify'], ['runs'], ['verify', '-p', 'successes=50']]) {
    const { stdout, code } = pod.mlpod([...args, '--json'])
    expect(lines(stdout), args.join(' ')).toMatchObject([{ v: 1 }])
    expect(code).toBe(pod.mlpod(args).code)
  }
})

test('--quiet says nothing of what went well, and what failed', () => {
  for (const args of [['run'], ['run', '--force'], ['verify']])
    expect(pod.mlpod([...args, '--quiet']), args.join(' ')).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(pod.mlpod(['run', '-q', '-p', 'boom=true']).stderr).toMatch(/^\nerror NODE_FAILED/)
  expect(pod.mlpod(['verify', '-q', '-p', 'successes=50']).stdout).toMatch(/✗ broken/)
})

test('what is piped has no colour, no cursor codes and a line an event; FORCE_COLOR colours; another locale gets ASCII', () => {
  const { stderr, stdout } = pod.mlpod(['run'], { NO_COLOR: '' })
  expect(stderr + stdout).not.toContain('\u001b')
  expect(
    stderr
      .split('\n')
      .slice(1, 5)
      .every((line) => /^\d\d:\d\d:\d\d = \w+/.test(line)),
  ).toBe(true)
  const coloured = pod.mlpod(['run'], { NO_COLOR: '', FORCE_COLOR: '1' })
  expect(coloured.stdout).toContain('\u001b[32m✓ kept')
  expect(pod.mlpod(['run', '--color=always']).stdout).toContain('\u001b[32m')
  expect(pod.mlpod(['run', '--color', 'never'], { FORCE_COLOR: '1' }).stdout).not.toContain('\u001b')
  const ascii = pod.mlpod(['run'], { LC_ALL: 'C' })
  expect(ascii.stderr + ascii.stdout).toMatch(/^[\n -~]+$/)
})

test('in GitHub Actions failures are annotations of their lines, promises too, and the summary is the ledger', () => {
  const summary = join(pod.folder, 'summary.md')
  const actions = {
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: join(pod.folder, '..'),
    GITHUB_STEP_SUMMARY: summary,
    CI: 'true',
  }
  const failed = pod.mlpod(['run', '-p', 'boom=true'], actions)
  const folder = pod.folder.split('/').at(-1)
  expect(failed.stderr).toMatch(
    new RegExp(`::error file=${folder}/src/double\\.ts,line=${THROWING_LINE},title=NODE_FAILED::double%?.*counts`),
  )
  expect(pod.mlpod(['verify', '-p', 'successes=50'], actions).stderr).toMatch(
    /::error title=promise broken%3A often enough::rate >= 0\.9: measured 0\.5 /,
  )
  expect(pod.mlpod(['verify', '-p', 'successes=92'], actions).stderr).toMatch(/::warning title=promise undecided%3A/)
  expect(pod.mlpod(['run'], actions).stderr).not.toContain('::')
  const text = readFileSync(summary, 'utf8')
  expect(text).toContain('### small: the run failed')
  expect(text).toMatch(
    /### small: 0 kept, 1 broken, 0 undecided\n\n\| promise .*\n.*\n\| often enough \| rate >= 0\.9 \| 0\.500 \|/,
  )
  expect(text).toMatch(/### small: 1 kept, 0 broken, 0 undecided/)
})

test('verify writes JUnit and Markdown where it is told', () => {
  pod.mlpod(['verify', '-p', 'successes=50', '--junit', 'j.xml', '--md', 'v.md'])
  expect(readFileSync(join(pod.folder, 'j.xml'), 'utf8')).toMatch(
    /tests="1" failures="1" skipped="0".*\n.*<failure message="rate &gt;= 0\.9/,
  )
  expect(readFileSync(join(pod.folder, 'v.md'), 'utf8')).toMatch(/\*\*broken\*\*/)
})

test('a reader that stops early is no error', async () => {
  const child = pod.start(['run', '--json', '--force'])
  child.stdout?.destroy()
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(existsSync(join(pod.folder, 'build/doubled.json'))).toBe(true)
})

test('a file that is no model is not served', () => {
  mkdirSync(join(pod.folder, 'build'), { recursive: true })
  writeFileSync(join(pod.folder, 'build/none.onnx'), 'no model')
  expect(pod.mlpod(['serve', '--model', 'build/none.onnx'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/error MODEL_CORRUPT.*build\/none\.onnx/),
  })
  expect(pod.mlpod(['serve', '--model', 'build/nowhere.onnx']).stderr).toMatch(/no model at build\/nowhere\.onnx/)
})
