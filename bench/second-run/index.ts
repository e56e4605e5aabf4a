import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, run, wallSeconds } from '../bench.ts'

const root = join(import.meta.dirname, '../..')
const place = join(root, '.cache/bench-second-run')
const [pod, repository] = [join(place, 'mortgage'), join(place, 'dvc')]
const bin = join(root, 'node_modules/.bin')
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, MLPOD_STORE: '' }

/** The pod's pipeline in DVC: the same stages and files; the commands copy bytes, since none of them is timed. */
const stages: readonly (readonly [name: string, deps: readonly string[], outs: readonly string[]])[] = [
  ['clean', ['data/loanapp.csv'], ['applications']],
  ['split', ['applications'], ['train', 'validation', 'calibration', 'test']],
  ['fit', ['train', 'validation'], ['fitted', 'history']],
  ['calibrate', ['fitted', 'validation'], ['calibrated']],
  ['guard', ['calibrated', 'train', 'calibration'], ['guarded']],
  ['evaluate', ['guarded', 'test'], ['metrics']],
  ['pack', ['guarded', 'metrics'], ['packed']],
  ['verify', ['packed', 'test'], ['evidence']],
  ['seal', ['packed', 'evidence'], ['model']],
  ['report', ['model', 'evidence', 'test'], ['report']],
]

const yaml = `stages:\n${stages
  .map(
    ([name, deps, outs]) =>
      `  ${name}:\n    cmd: ${outs.map((out) => `cat ${deps.join(' ')} > ${out} && echo ${out} >> ${out}`).join(' && ')}\n    deps: [${deps.join(', ')}]\n    outs: [${outs.join(', ')}]\n`,
  )
  .join('')}`

export default {
  about: 'a second run with nothing to do, whole process: mlpod run against dvc repro',
  peer: { environment: 'wf_dvc', name: 'dvc repro', package: 'dvc' },
  cases: { 'second run, 10 nodes': { n: 10 } },
  async prepare(python) {
    rmSync(place, { recursive: true, force: true })
    mkdirSync(join(repository, 'data'), { recursive: true })
    cpSync(join(root, 'pods/mortgage'), pod, {
      recursive: true,
      filter: (path) => !/[\\/](\.mlpod|build|node_modules)$/.test(path),
    })
    cpSync(join(root, 'pods/mortgage/data/loanapp.csv'), join(repository, 'data/loanapp.csv'))
    writeFileSync(join(repository, 'dvc.yaml'), yaml)
    run(python, ['-m', 'dvc', 'init', '--no-scm', '-q'], { cwd: repository })
    run(python, ['-m', 'dvc', 'config', 'core.analytics', 'false'], { cwd: repository })
    run(python, ['-m', 'dvc', 'repro', '-q'], { cwd: repository })
    run('mlpod', ['run', '-q'], { cwd: pod, env })
    return () => rmSync(place, { recursive: true, force: true })
  },
  ours: () => ({ 'second run, 10 nodes': wallSeconds('mlpod', ['run'], { cwd: pod, env }) }),
  theirs: (python) => ({ 'second run, 10 nodes': wallSeconds(python, ['-m', 'dvc', 'repro'], { cwd: repository }) }),
} satisfies Bench
