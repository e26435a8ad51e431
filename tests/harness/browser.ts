import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Console errors and warnings, CSP violations, uncaught exceptions, and every request that left this machine: to stay empty. */
  readonly complaints: string[];
}

/** One Chromium (Debian's own) a test file; `visit` opens a clean context, `close` ends all. */
export interface Visitor {
  visit(size?: { readonly width: number; readonly height: number }, scale?: number): Promise<Visit>;
  close(): Promise<void>;
}

export async function openChromium(): Promise<Visitor> {
  const browser: Browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
  return {
    async visit(size = { width: 1080, height: 1920 }, scale = 1) {
      const context = await browser.newContext({
        viewport: size,
        deviceScaleFactor: scale,
        reducedMotion: 'reduce',
        locale: 'it-IT',
        timezoneId: 'Europe/Rome',
      });
      // What a busy machine takes, and not what a person should wait: that is measured elsewhere.
      context.setDefaultTimeout(20_000);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`);
      });
      page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
      page.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url());
        if (protocol !== 'data:' && hostname !== '127.0.0.1') complaints.push(`outside: ${request.url()}`);
      });
      await page.addInitScript({
        content:
          "document.addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective, event.blockedURI));",
      });
      return { context, page, complaints };
    },
    close: () => browser.close(),
  };
}
