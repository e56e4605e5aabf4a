import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  checkpoint,
  closeEngine,
  int,
  postResults,
  type Relation,
  relationOf,
  rowSchema,
  type SuiteResult,
  string,
  suite,
  suiteAnnotations,
  suiteHtml,
  suiteJUnit,
  suiteMarkdown,
  suiteSarif,
  writeReport,
} from '../index.ts'

const bad = suite('orders <"&">', [
  { type: 'notNull', column: 'id' },
  { type: 'inSet', column: 'name', values: ['a'] },
  { type: 'between', column: 'id', max: 1, severity: 'warning' },
  { type: 'notNull', column: 'nome' },
])
let data: Relation
let result: SuiteResult
beforeAll(async () => {
  data = (await relationOf(
    [
      { id: 1, name: 'a' },
      { id: 2, name: '</script><b>\u0001|\n]]>' },
    ],
    { schema: rowSchema({ id: int(), name: string() }) },
  )) as unknown as Relation
  result = await bad.run(data, { format: 'summary' })
})
afterAll(closeEngine)

test('JUnit: a case an expectation; only critical failures and errors count, and every character is XML', () => {
  const xml = suiteJUnit(result)
  expect(xml).toContain('<testsuite name="orders &lt;&quot;&amp;&quot;&gt;" tests="4" failures="1" errors="1">')
  expect(xml.match(/<testcase /g)).toHaveLength(4)
  expect(xml.match(/<failure /g)).toHaveLength(1)
  expect(xml).toContain('<system-out>warning: 1 unexpected (50 %): 2</system-out>')
  expect(xml).toMatch(/<error message="the relation has no column &quot;nome&quot;/)
  expect(xml).not.toContain('\u0001')
})

test('Markdown: what failed first, cells that stay cells', () => {
  const text = suiteMarkdown(result)
  expect(text.split('\n')[0]).toBe('## orders &lt;"&">: not fulfilled')
  const rows = text.split('\n').filter((line) => line.startsWith('| '))
  expect(rows).toHaveLength(2 + 4)
  expect(rows.slice(2).map((row) => row.split(' | ')[0])).toEqual(['| error', '| failed', '| failed', '| passed'])
  expect(text).not.toContain('<b>')
  expect(suiteMarkdown(result, { most: 1 })).toContain('And 3 more.')
})

test('SARIF and annotations point to the first failing row', () => {
  const { runs } = suiteSarif(result, { file: 'data/orders.csv', line: 2 }) as unknown as {
    runs: readonly {
      results: readonly {
        level: string
        locations: readonly { physicalLocation: { region: { startLine: number } } }[]
      }[]
    }[]
  }
  expect(runs[0].results.map(({ level }) => level)).toEqual(['error', 'warning', 'error'])
  expect(runs[0].results[0].locations[0].physicalLocation.region.startLine).toBe(3)
  const lines = suiteAnnotations(result, { file: 'data/orders.csv', line: 2 }).trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^::warning file=data\/orders\.csv,line=3,title=/)
})

test('the page holds its data as text and loads nothing', () => {
  const page = suiteHtml(result)
  // a display of its own would show what is hidden
  expect(page).toContain('[hidden]{display:none!important}')
  expect(page.match(/<\/script>/g)).toHaveLength(2)
  expect(page).not.toMatch(/https?:|src=|@import|url\(/)
  const json = /id="data">(.*?)<\/script>/s.exec(page)![1]
  expect(JSON.parse(json)[0].list).toHaveLength(4)
})

test('a checkpoint tells each result, writes reports and posts; an action that fails changes no verdict', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))
  const posted: { body: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      posted.push({ body })
      response.statusCode = request.url === '/ok' ? 204 : 500
      response.end()
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  try {
    const told: string[] = []
    const run = checkpoint(
      [
        { suite: bad, data },
        { suite: suite('empty', []), data: async () => data },
      ],
      {
        onResult: ({ suite: name }) => told.push(name),
        actions: [
          writeReport('junit', join(folder, 'deep', 'junit.xml')),
          writeReport('html', join(folder, 'page.html')),
          postResults(`http://127.0.0.1:${port}/ok`, { when: 'failure' }),
          postResults(`http://127.0.0.1:${port}/no`),
          writeReport('json', join(folder, 'results.json')),
        ],
      },
    )
    const { ok, failed, results } = await run()
    expect(ok).toBe(false)
    expect(told).toEqual(['orders <"&">', 'empty'])
    expect(results[1].statistics).toMatchObject({ evaluated: 0, successPercent: null })
    expect(failed).toEqual([{ action: `post to 127.0.0.1:${port}`, message: expect.stringMatching(/500/) }])
    expect((await readdir(folder)).sort()).toEqual(['deep', 'page.html', 'results.json'])
    expect(JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'))).toHaveLength(2)
    expect(JSON.parse(posted[0].body).suites[0].failed).toHaveLength(3)
  } finally {
    server.close()
    await rm(folder, { recursive: true })
  }
  expect(() => checkpoint([])).toThrow(/no suite/)
  expect(() => writeReport('pdf' as never, 'x')).toThrow(/no report/)
})
