import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { printsAsSaid, readGuide } from './guide.ts'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')

/** Runs one command in a folder and returns what it printed; what it said beside that follows only if it failed. */
function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
      CI: '',
      MLPOD_STORE: '',
    },
  })
  if (error) throw error
  return status === 0 ? stdout : stdout + stderr
}

// A guide runs in a copy of its pod inside the workspace, where `mlpod` resolves as it does for the pod itself.
const workplace = join(root, '.cache/guides')

test.each(globSync('*.md', { cwd: import.meta.dirname }).sort())(
  '%s prints what it says',
  { timeout: 240_000 },
  (file) => {
    const { fixture, data, files, blocks } = readGuide(readFileSync(join(import.meta.dirname, file), 'utf8'))
    const folder = join(workplace, file.replace('.md', ''))
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    if (fixture)
      cpSync(join(root, 'pods', fixture), folder, {
        recursive: true,
        filter: (path) => !/[\\/](\.mlpod|build|node_modules)$/.test(path),
      })
    if (data) {
      mkdirSync(join(folder, 'data'))
      cpSync(join(root, 'pods', data), join(folder, 'data', basename(data)))
    }
    for (const { name, content } of files) writeFileSync(join(folder, name), content)
    blocks.forEach((block, i) => {
      let printed: string
      if (block.kind === 'sh') printed = run('sh', ['-c', block.code], folder)
      else {
        // the blank lines keep the guide's line numbers in stack traces
        const module = join(folder, `guide-${i}.ts`)
        writeFileSync(module, '\n'.repeat(block.line - 1) + block.code)
        printed = run('node', [module], folder)
      }
      if (block.output !== undefined && !printsAsSaid(block.output, printed))
        expect(printed.trim(), `${file}:${block.line}`).toBe(block.output.trim())
    })
    rmSync(folder, { recursive: true, force: true })
  },
)

test('outputs are compared as guides write them', () => {
  expect(printsAsSaid('auc ~0.87  took <time>', 'auc 0.8749   took 3.41s')).toBe(true)
  expect(printsAsSaid('auc ~0.87', 'auc 0.88')).toBe(false)
  expect(printsAsSaid('a\n...\nz', 'a\nb\nc\nz')).toBe(true)
  expect(printsAsSaid('1 + 1 (two)', '1 + 1 (two)')).toBe(true)
  expect(printsAsSaid('run <hash>', 'run xyz')).toBe(false)
})
