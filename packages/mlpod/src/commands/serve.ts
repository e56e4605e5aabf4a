import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { PodError } from '@mlpod/contract'
import { type Command, exitCode } from '../command.ts'
import { openPod } from '../pod.ts'

/** `mlpod serve`: guarded answers over HTTP. */
export const serve: Command = {
  name: 'serve',
  about: 'answer over HTTP with the sealed model',
  options: {
    port: { type: 'string', value: 'N', about: 'default 8080' },
    host: { type: 'string', value: 'ADDRESS', about: 'default 127.0.0.1; any other needs MLPOD_TOKEN' },
    model: { type: 'string', value: 'FILE', about: 'another model file than the pod names' },
  },
  examples: ['mlpod serve', 'mlpod serve --port 9000', 'MLPOD_TOKEN=... mlpod serve --host 0.0.0.0'],
  async run(values, _positionals, terminal) {
    const { pod, config } = await openPod(terminal.cwd)
    const file = values.model
      ? join(terminal.cwd, String(values.model))
      : join(pod.root, config.serve?.model.file ?? '')
    if (!values.model && config.serve?.model.file === undefined)
      throw new PodError('MODEL_MISSING', `pod "${pod.name}" does not say which model it serves`, {
        hint: 'definePod({ ..., serve: { model: catalog.model } }), its dataset with a file',
      })
    const bytes = await readFile(file).catch((cause) => {
      throw new PodError('MODEL_MISSING', `there is no model at ${relative(pod.root, file)}`, {
        hint: 'make it first: mlpod run',
        cause,
      })
    })
    const port = Number(values.port ?? 8080)
    if (!(Number.isInteger(port) && port >= 0 && port < 65_536))
      throw new PodError('PORT_INVALID', `"${values.port}" is no port`, { hint: 'a whole number from 0 to 65535' })
    const start = performance.now()
    const [{ modelOf }, { service }] = await Promise.all([import('@mlpod/graph'), import('@mlpod/serve')])
    const token = process.env.MLPOD_TOKEN
    const host = String(values.host ?? '127.0.0.1')
    const loopback = host === '127.0.0.1' || host === '::1' || host === 'localhost'
    const served = await service(modelOf(bytes, { file }), {
      name: pod.name,
      ...(token ? { token } : {}),
      ...(loopback ? { hosts: ['127.0.0.1', 'localhost', '[::1]', '::1'] } : {}),
    })
    const url = await served.listen({ host, port })
    const { stderr, err } = terminal
    stderr.write(
      `  ${err.bold(pod.name)} ${relative(process.cwd(), file)}\n  ${url}   POST /predict   GET /health   GET /models/${pod.name}\n`,
    )
    stderr.write(err.dim(`  ready in ${((performance.now() - start) / 1000).toFixed(2)}s   (Ctrl-C to stop)\n`))
    await new Promise<void>((resolve) => {
      process.once('SIGINT', resolve)
      process.once('SIGTERM', resolve)
    })
    await served.close()
    return exitCode.done
  },
}
