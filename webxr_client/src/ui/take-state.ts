/** How taking a site along stands, and what the panel says and offers for it. Pure. */

/** Bytes: of what is to fetch, or of what lies on the phone, as the kind has it. */
export type TakeState =
  | { kind: 'measuring' }
  | { kind: 'unknown' }
  | { kind: 'offer'; bytes: number; other_language: boolean }
  | { kind: 'taking'; loaded_bytes: number; total_bytes: number; waiting: boolean }
  | { kind: 'stopped' | 'evicted' | 'new' | 'full' | 'refused' | 'damaged'; bytes: number; here_bytes: number }
  | { kind: 'lack'; bytes: number; lack_bytes: number; here_bytes: number }
  | { kind: 'taken'; here_bytes: number; persisted: boolean }
  | { kind: 'deleted'; bytes: number }

/** What a button does. */
export type TakeAct = 'take' | 'measure' | 'stop' | 'delete'

/** A sentence or a button's word by its key, with sizes in bytes to fill in. */
export interface TakeWord {
  key: string
  parts: Record<string, number>
}

export interface TakeView {
  sentences: TakeWord[]
  buttons: { act: TakeAct; word: TakeWord }[]
  /** From 0 to 1 while something is on its way. */
  share: number | null
}

/** The sentences and buttons for a state. */
export function viewTake(state: TakeState): TakeView {
  switch (state.kind) {
    case 'measuring':
      return show(['take_measuring'])
    case 'unknown':
      return show(['take_unknown'], [button('measure', 'try_again')])
    case 'offer':
      return show(state.other_language ? ['take_text', 'take_other_language'] : ['take_text'], [
        button('take', 'take_start', { size: state.bytes })
      ])
    case 'taking':
      return viewTaking(state)
    case 'taken':
      return show(
        state.persisted ? ['take_taken'] : ['take_taken', 'take_may_go'],
        [button('delete', 'take_delete', { size: state.here_bytes })],
        { size: state.here_bytes }
      )
    case 'deleted':
      return show(['take_deleted'], [button('take', 'take_start', { size: state.bytes })])
    case 'lack':
      return show(['take_lack'], againOrDelete(state), { size: state.lack_bytes })
    default:
      return show([`take_${state.kind}`], againOrDelete(state), { size: state.bytes, here: state.here_bytes })
  }
}

function viewTaking({ loaded_bytes, total_bytes, waiting }: TakeState & { kind: 'taking' }): TakeView {
  const parts = { loaded: loaded_bytes, total: total_bytes }
  const view = show([waiting ? 'take_waiting' : 'take_taking'], [button('stop', 'take_stop')], parts)
  return { ...view, share: total_bytes === 0 ? 0 : loaded_bytes / total_bytes }
}

function againOrDelete(state: { bytes: number; here_bytes: number }): TakeView['buttons'] {
  const again = button('take', 'take_go_on', { size: state.bytes })
  return state.here_bytes === 0 ? [again] : [again, button('delete', 'take_delete', { size: state.here_bytes })]
}

function show(keys: string[], buttons: TakeView['buttons'] = [], parts: Record<string, number> = {}): TakeView {
  return { sentences: keys.map((key) => ({ key, parts })), buttons, share: null }
}

function button(act: TakeAct, key: string, parts: Record<string, number> = {}): TakeView['buttons'][number] {
  return { act, word: { key, parts } }
}
