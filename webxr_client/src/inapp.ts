/** Browsers inside other apps: what they keep from a page is found by asking; only how to leave them depends on whose they are. Pure. */
import type { Device } from './device'

/** How this page can be opened in the phone's own browser. */
export type WayOut = { kind: 'link'; href: string } | { kind: 'copy' }

/** The name by which people know the app. */
export type App = 'LINE' | 'Instagram' | 'Facebook' | 'WeChat'

const APPS: [RegExp, App][] = [
  [/\bLine\//i, 'LINE'],
  [/\bInstagram\b/i, 'Instagram'],
  [/\bFBA[NV]\b|\bFB_IAB\b/, 'Facebook'],
  [/\bMicroMessenger\//i, 'WeChat']
]

/** The app a browser says it is part of; only ever used for words, never to decide what the page does. */
export function findApp(userAgent: string): App | null {
  return APPS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? null
}

/** Whether this looks like a phone whose browser keeps the camera or the sensors from pages, as those inside apps do. */
export function isKeptBack(device: Device, touched: boolean): boolean {
  return touched && device.secure && !device.immersiveAr && (!device.camera || device.motion === 'none')
}

/** How to leave the app for the phone's own browser, with the same page. */
export function findWayOut(app: App | null, userAgent: string, address: string): WayOut {
  const url = new URL(address)
  if (app === 'LINE') {
    url.searchParams.set('openExternalBrowser', '1')
    return { kind: 'link', href: url.href }
  }
  if (app !== null && app !== 'WeChat' && /\bAndroid\b/.test(userAgent)) {
    const scheme = url.protocol.slice(0, -1)
    const rest = url.href.slice(url.protocol.length)
    return { kind: 'link', href: `intent:${rest}#Intent;scheme=${scheme};action=android.intent.action.VIEW;end` }
  }
  return { kind: 'copy' } // these apps open no link outside themselves
}
