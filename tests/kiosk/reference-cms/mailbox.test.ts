import { createTransport } from 'nodemailer';
import { expect, test } from 'vitest';
import { startMailbox } from '../../../kiosk/reference-cms/mailbox.ts';

test('a mailbox tells what came, keeps a repeated mail once, and takes no mountain', async () => {
  const mailbox = await startMailbox();
  const heard: string[] = [];
  const stop = mailbox.onMessage(({ subject }) => heard.push(subject));
  const transport = createTransport({ host: '127.0.0.1', port: mailbox.port });
  const mail = { from: 'a@cms.example', to: 'mario.rossi@example.it', subject: 'Città', text: 'È così\n', messageId: '<one@cms.example>' };
  await transport.sendMail(mail);
  await transport.sendMail(mail);
  expect(mailbox.messages()).toEqual([
    { to: mail.to, subject: mail.subject, text: mail.text, messageId: mail.messageId, at: expect.any(String) as string },
  ]);
  expect(mailbox.deliveries()).toBe(2);
  stop();
  await transport.sendMail({ ...mail, messageId: '<two@cms.example>' });
  expect(heard).toEqual(['Città']);
  await expect(transport.sendMail({ ...mail, messageId: '<three@cms.example>', text: 'x'.repeat(300_000) })).rejects.toThrow();
  expect(mailbox.messages()).toHaveLength(2);
  transport.close();
  await mailbox.close();
});
