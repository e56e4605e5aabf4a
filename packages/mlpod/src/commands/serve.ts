import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { PodError } from '@mlpod/contract'
import { type CommandRun, exitCode, wholeNumber } from '../command.ts'
import { openPod } from '../pod.ts'
import { tellProblem } from '../terminal/tell.ts'
import { duration } from '../terminal/text.ts'

/** `mlpod serve`: guarded answers over HTTP. */
export const serve: CommandRun = async (values, _positionals, terminal) => {
  const start = performance.now()
  const port = wholeNumber(values, 'port', { least: 0, most: 65_535 }) ?? 8080
  const { pod, config } = await openPod(terminal.cwd)
  const named = values.model ? resolve(terminal.cwd, String(values.model)) : config.serve?.model.file
  if (named === undefined)
    throw new PodError('MODEL_MISSING', `pod "${pod.name}" does not say which model it serves`, {
      hint: 'definePod({ ..., serve: { model: catalog.model } }), its dataset with a file',
    })
  const file = resolve(pod.root, named)
  const bytes = await readFile(file).catch((cause) => {
    throw new PodError('MODEL_MISSING', `there is no model at ${relative(terminal.cwd, file)}`, {
      hint: values.model ? 'mlpod serve --model FILE' : 'make it first: mlpod run',
      cause,
    })
  })
  const [{ modelOf }, { service }] = await Promise.all([import('@mlpod/graph'), import('@mlpod/serve')])
  const served = await service(modelOf(bytes, { file: relative(terminal.cwd, file) }), {
    name: pod.name,
    ...(process.env.MLPOD_TOKEN ? { token: process.env.MLPOD_TOKEN } : {}),
    onError: (error) => tellProblem(error, terminal, { root: pod.root }),
  })
  try {
    const url = await served.listen({ port, ...(values.host ? { host: String(values.host) } : {}) })
    const { stderr, stdout, err, json, quiet } = terminal
    if (json) stdout.write(`${JSON.stringify({ v: 1, type: 'serve.ready', url, pid: process.pid, model: pod.name })}\n`)
    else if (!quiet) {
      stderr.write(`  ${err.bold(pod.name)}  ${relative(terminal.cwd, file)}\n`)
      stderr.write(`  ${err.bold(url)}\n  POST /predict   GET /models/${pod.name}   GET /openapi.json\n`)
      stderr.write(err.dim(`  ready in ${duration(performance.now() - start)}   (Ctrl-C to stop)\n`))
    }
    await new Promise<void>((end) => {
      process.once('SIGINT', () => end())
      process.once('SIGTERM', () => end())
    })
    if (!json && !quiet) stderr.write('\n  answering what is in flight (Ctrl-C again ends at once)\n')
  } finally {
    await served.close()
  }
  return exitCode.done
}
