import { parseArgs } from 'node:util'
import { didYouMean, PodError } from '@mlpod/contract'
import { type Command, commonOptions, exitCode, type OptionValues, parseable, type Terminal } from './command.ts'
import { commandHelp, generalHelp } from './help.ts'
import { problemLines } from './terminal/problem.ts'
import { type ColourMode, styleOf } from './terminal/style.ts'

/** The commands by name, in the order of help; each module is loaded when its command is asked for. */
const load: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).run,
  status: async () => (await import('./commands/status.ts')).status,
  why: async () => (await import('./commands/why.ts')).why,
  verify: async () => (await import('./commands/verify.ts')).verify,
  runs: async () => (await import('./commands/runs.ts')).runs,
  serve: async () => (await import('./commands/serve.ts')).serve,
}

/** Errors of the world outside: the store, the disk, the network, a port. */
const OUTSIDE = /^(OBJECT_|STORE_|DISK_|TRACK_|PORT_IN_USE|POD_BUSY|ENOSPC|EACCES|EROFS|EIO|EADDR)/

/** Returns the exit code that an error stands for. */
export function codeOf(error: unknown): number {
  if (error instanceof PodError)
    return error.code === 'UNEXPECTED' ? exitCode.bug : OUTSIDE.test(error.code) ? exitCode.outside : exitCode.usage
  const code = (error as NodeJS.ErrnoException)?.code
  return typeof code === 'string' && OUTSIDE.test(code) ? exitCode.outside : exitCode.bug
}

/** Runs the command line and sets the exit code of the process; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const colour = colourAsked(argv)
  const terminal: Terminal = {
    stdout: process.stdout,
    stderr: process.stderr,
    out: styleOf(process.stdout, colour),
    err: styleOf(process.stderr, colour),
    colour,
    width: Math.min(120, Math.max(60, process.stdout.columns || 100)),
    json: argv.includes('--json'),
    quiet: argv.includes('--quiet') || argv.includes('-q'),
    cwd: process.cwd(),
  }
  // a reader that closes the pipe early (`| head`) is no error
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode.done)
  })
  try {
    process.exitCode = await dispatch(argv, terminal)
  } catch (error) {
    const debug = argv.includes('--debug')
    terminal.stderr.write(
      `${problemLines(error, terminal.err, { debug: debug || codeOf(error) === exitCode.bug }).join('\n')}\n`,
    )
    process.exitCode = codeOf(error)
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = argv
  if (name === '--version' || name === '-v') {
    const { default: manifest } = await import('../package.json', { with: { type: 'json' } })
    terminal.stdout.write(`${manifest.version}\n`)
    return exitCode.done
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const commands = await Promise.all(Object.values(load).map((get) => get()))
    terminal.stdout.write(`${generalHelp(commands, terminal.out)}\n`)
    return name === undefined ? exitCode.usage : exitCode.done
  }
  const get = load[name]
  if (get === undefined)
    throw new PodError('COMMAND_UNKNOWN', `mlpod has no command "${name}"${didYouMean(name, Object.keys(load))}`, {
      hint: 'mlpod --help',
    })
  const command = await get()
  const { values, positionals } = parse(command, rest)
  if (values.help) {
    terminal.stdout.write(`${commandHelp(command, terminal.out)}\n`)
    return exitCode.done
  }
  return command.run(values, positionals, terminal)
}

function parse(command: Command, args: readonly string[]): { values: OptionValues; positionals: readonly string[] } {
  const options = { ...command.options, ...commonOptions }
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: parseable(options),
      allowPositionals: command.positionals !== undefined,
      strict: true,
    })
    return { values: values as OptionValues, positionals }
  } catch (error) {
    const unknown = (error as Error).message.match(/'--?([^'\s]+)'/)?.[1]
    const suggestion = unknown ? didYouMean(unknown, Object.keys(options)) : ''
    throw new PodError('OPTION_INVALID', `${(error as Error).message.split('. ')[0]}${suggestion}`, {
      hint: `mlpod ${command.name} --help`,
    })
  }
}

/** Reads `--color` before anything is parsed, so that the parsing errors themselves are coloured right. */
function colourAsked(argv: readonly string[]): ColourMode {
  const at = argv.findIndex((arg) => arg === '--color' || arg.startsWith('--color='))
  const value = at < 0 ? 'auto' : argv[at].includes('=') ? argv[at].split('=')[1] : argv[at + 1]
  return value === 'always' || value === 'never' ? value : 'auto'
}
