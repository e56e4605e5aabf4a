import type { Dataset, Hash, Json, ReadOf, Rebuilt, WriteOf } from '@mlpod/contract'
import type { Parameter } from './param.ts'

/** What a node reads, by argument: datasets and parameters. */
export type Inputs = Readonly<Record<string, Dataset | Parameter<unknown>>>

/** What a node writes, by argument. */
export type Outputs = Readonly<Record<string, Dataset>>

/** What `run` gets: of each dataset what it reads, of each parameter its value. */
export type Arguments<I extends Inputs> = {
  readonly [K in keyof I]: I[K] extends Parameter<infer T> ? T : ReadOf<I[K]>
}

/** What `run` returns: of each output dataset a value that it can write. A node without outputs returns nothing. */
export type Returned<O extends Outputs> = keyof O extends never
  ? // biome-ignore lint/suspicious/noConfusingVoidType: a function without return statement must be allowed
    void | Record<string, never>
  : { readonly [K in keyof O]: WriteOf<O[K]> }

/** What a running node may use beside its inputs. */
export interface NodeContext<Late = unknown> {
  /** The node's name. */
  readonly node: string
  /** The value of the node's input `param('seed')` if it has one, else a number made from its name: always part of the run key. */
  readonly seed: number
  /** What the node's `late` returned. */
  readonly late: Late
  /** What the run key was made of, for nodes that sign what they make. */
  readonly identity: NodeIdentity
  /** Aborted when the run is stopped or the node's time is up. */
  readonly signal: AbortSignal
  /** An empty folder for temporary files, removed afterwards. */
  readonly scratch: string
  /** Records a metric; `step` is 0 by default. */
  log(name: string, value: number, step?: number): void
  /** Tells how far the node is: `done` of `total` units, both counted from its start. */
  progress(done: number, total?: number, unit?: string): void
  /** Says one line for the people who watch. */
  note(text: string): void
  /**
   * Runs nodes again from the inputs they had, in a scratch place, and returns the hashes of each output made twice.
   * By default all nodes before this one that are not `volatile`. Nothing that is kept is changed.
   */
  rebuild(nodes?: readonly string[]): Promise<readonly Rebuilt[]>
}

/** The hashes that decide a node's result. */
export interface NodeIdentity {
  readonly key: Hash
  readonly code: Hash
  /** Of its parameters, by argument. */
  readonly params: Hash
  /** Of the bytes of its input datasets, by argument. */
  readonly inputs: Readonly<Record<string, Hash>>
}

/** What `late` may look at. */
export interface LateState {
  /** The pod's root folder. */
  readonly root: string
  /** Hashes of the node's input datasets, by argument. */
  readonly inputs: Readonly<Record<string, Hash>>
  /** The fingerprint of the node's code. */
  readonly code: Hash
}

/**
 * A function with plain arguments, for `late`: `export` of the module at the URL `module`, called with `argument` and the
 * state. The pod need not be imported to call it.
 */
export interface LateCall {
  readonly module: string
  readonly export: string
  readonly argument: Json
}

/** How often a failing node is tried, in all, and how long to wait before each further try: `delayMs`, then times `factor`. */
export interface Retry {
  readonly times: number
  readonly delayMs?: number
  readonly factor?: number
}

/** What `node` takes. */
export interface NodeDefinition<I extends Inputs, O extends Outputs, Late> {
  /** Unique in its pipeline; letters, digits, `_`, `-`, `.`. */
  readonly name: string
  readonly inputs: I
  readonly outputs: O
  readonly tags?: readonly string[]
  /** Tries in all; 1 by default. */
  readonly retry?: Retry
  /** Time for one try; unlimited by default. */
  readonly timeoutMs?: number
  /** How many of the run's workers the node takes while it runs; 1 by default. */
  readonly resources?: { readonly cpu?: number }
  /** Nodes that must be done before this one, though it reads nothing of them. */
  readonly after?: readonly AnyNode[]
  /** Its bytes may differ from run to run (it measures time): it is not rebuilt to check others. */
  readonly volatile?: boolean
  /** `keys`: the run keys of all nodes before this one are part of its own, so it runs again whenever one of them did. */
  readonly observes?: 'keys'
  /** Called on the main thread just before the node's key is made; what it returns is part of the key and is `context.late`. */
  readonly late?: LateCall | ((state: LateState) => Late | Promise<Late>)
  readonly run: (args: Arguments<I>, context: NodeContext<Late>) => Returned<O> | Promise<Returned<O>>
}

/** A step of a pipeline: a pure function between datasets, with what the runner must know. */
export interface Node<I extends Inputs = Inputs, O extends Outputs = Outputs, Late = unknown>
  extends NodeDefinition<I, O, Late> {
  readonly kind: 'node'
  /** The argument that is one element of a list at a time; see `foreach`. */
  readonly each?: string
}

/** Any node, whatever it reads and writes. */
export type AnyNode = Omit<Node, 'run' | 'late'> & {
  readonly run: (args: never, context: NodeContext<never>) => unknown
  readonly late?: LateCall | ((state: LateState) => unknown)
}

/**
 * Makes a node. `run` is typed by `inputs` and `outputs`: a node that is fed the wrong table does not compile.
 * Export it as a constant of a module of the pod, so that its code can be told from the code of other nodes.
 * `late`, if any, must stand before `run` for its type to be inferred. Names and wiring are checked by `pipeline`.
 */
export function node<const I extends Inputs, const O extends Outputs, Late = undefined>(
  definition: NodeDefinition<I, O, Late>,
): Node<I, O, Late> {
  return { kind: 'node', ...definition }
}
