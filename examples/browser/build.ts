import { copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { saveFile } from '@mlpod/graph'
import { rolldown } from 'rolldown'
import { network } from './spirals.ts'

const here = import.meta.dirname

/** Builds the page's script and its model, and puts the runtime's WebAssembly beside them. Returns the folder of the page. */
export async function build(): Promise<string> {
  const out = join(here, 'build')
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out)
  const bundle = await rolldown({
    input: join(here, 'train.ts'),
    platform: 'browser',
    resolve: { conditionNames: ['browser', 'import', 'default'] },
    // what only Node's half of a room asks for, at the moment when it is asked for
    external: [/^node:/, 'onnxruntime-node'],
  })
  await bundle.write({ file: join(out, 'train.js'), format: 'esm', codeSplitting: false })
  await bundle.close()
  await saveFile(network(), join(out, 'network.onnx'))
  const runtime = dirname(createRequire(join(here, 'train.ts')).resolve('onnxruntime-web'))
  for (const file of globSync('*.{wasm,mjs}', { cwd: runtime }))
    if (file.startsWith('ort-wasm-')) copyFileSync(join(runtime, file), join(out, basename(file)))
  return here
}
