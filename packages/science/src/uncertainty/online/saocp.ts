import { perSide } from './method.ts'
import { checkOption } from './options.ts'
import { scaleOf, startOf } from './trackers.ts'

/** Settings of strongly adaptive online conformal prediction. */
export interface SaocpOptions {
  /** The size of the scores; by default the largest of the history. */
  readonly scale?: number
  /** Expert t lives for `lifetime` times the largest power of 2 that divides t; 8 by default. */
  readonly lifetime?: number
}

/** A tracker that was started at one time: steps shrink with the gradients it has seen. */
interface Expert {
  readonly born: number
  readonly dies: number
  readonly threshold: number
  readonly squares: number
  readonly weight: number
  /** Sums of its gains, and of its gains times its weights. */
  readonly gains: number
  readonly wealth: number
}

/** State of strongly adaptive online conformal prediction. */
export interface SaocpState {
  readonly level: number
  readonly scale: number
  readonly lifetime: number
  readonly seen: number
  readonly experts: readonly Expert[]
}

/** Adds the expert of the next time, started at the threshold of now. */
function born(state: SaocpState, threshold: number): SaocpState {
  const t = state.seen + 1
  const life = state.lifetime * (t & -t)
  const expert: Expert = { born: t, dies: t + life, threshold, squares: 0, weight: 0, gains: 0, wealth: 0 }
  return { ...state, experts: [...state.experts.filter(({ dies }) => dies > t), expert] }
}

function mixed({ experts }: SaocpState): number {
  const prior = ({ born: i }: Expert): number => 1 / (i * i * (1 + Math.floor(Math.log2(i))))
  let [sum, total] = [0, 0]
  for (const expert of experts) {
    const share = prior(expert) * Math.max(0, expert.weight)
    sum += share * expert.threshold
    total += share
  }
  if (total > 0) return sum / total
  for (const expert of experts) {
    sum += prior(expert) * expert.threshold
    total += prior(expert)
  }
  return sum / total
}

/** Trackers that start again and again, each for a time, weighed by coin betting on how much better than the mixture they did. */
export const saocp = perSide<SaocpState, SaocpOptions>(
  {
    name: 'saocp',
    guarantee:
      'the pinball loss over every interval of rows is near that of its best fixed threshold, for bounded scores',
    source: 'Bhatnagar, Wang, Xiong, Bai 2023, algorithm 1 with SF-OGD experts',
  },
  {
    start(level, history, { scale = scaleOf(history), lifetime = 8 }) {
      checkOption('scale', scale, { low: 0, open: true })
      checkOption('lifetime', lifetime, { low: 1 })
      return born({ level, scale, lifetime, seen: 0, experts: [] }, startOf(level, history))
    },
    threshold: mixed,
    observe(state, score) {
      const { level, scale } = state
      const loss = (q: number): number => (score > q ? level * (score - q) : (1 - level) * (q - score))
      const together = mixed(state)
      const ours = loss(together)
      const experts = state.experts.map((expert): Expert => {
        const gain = (ours - loss(expert.threshold)) / scale
        const counted = expert.weight > 0 ? gain : Math.max(0, gain)
        const gains = expert.gains + counted
        const wealth = expert.wealth + expert.weight * counted
        const slope = score > expert.threshold ? -level : 1 - level
        const squares = expert.squares + slope * slope
        return {
          ...expert,
          gains,
          wealth,
          squares,
          weight: (gains / (state.seen + 2 - expert.born)) * (1 + wealth),
          threshold: expert.threshold - (scale / Math.sqrt(3)) * (slope / Math.sqrt(squares)),
        }
      })
      const next = { ...state, seen: state.seen + 1, experts }
      return born(next, mixed(next))
    },
  },
)
