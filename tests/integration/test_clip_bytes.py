#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# ctest: PARALLEL
"""The clipboard's bytes: what is copied on one side is what arrives on the other, in both ways to the guest."""

import hashlib
import random
import time
import unittest

import cliplab
import harness
import xowner
from cliplab import TEXT

RANDOM = random.Random(4)
TEXTS = {
    "trailing newlines": b"a\nb\n\n",
    "CRLF": b"a\r\nb\r\n",
    "lone CR": b"a\rb",
    "NUL": b"a\0b\0",
    "emoji": "\U0001f469\u200d\U0001f4bb\U0001f1e9\U0001f1ea".encode(),
    "composed and decomposed": "\u00e9 e\u0301".encode(),
    "line separator": "a\u2028b\u2029c".encode(),
    "byte order mark": "\ufeffabc".encode(),
    "umlauts that Mac OS Roman would mangle": "für — “é”".encode(),
    "looks like a frame": b"MCV1Q 000000000000000000000000\n",
    "quotes": b"'\"`$(exit)\\!%s\n",
    "one byte": b"x",
    "chunk - 1": b"x" * (256 * 1024 - 1),
    "chunk": b"y" * (256 * 1024),
    "chunk + 1": b"z" * (256 * 1024 + 1),
    "one line of 10 MB": b"0123456789" * 1000000,
}
SNIFFED = {"like RTF": b"{\\rtf1 not really", "like PostScript": b"%!PS not really"}


def digest(data):
    return data if data is None or len(data) < 200 else hashlib.sha256(data).hexdigest()


class Bytes(unittest.TestCase):
    def check_texts(self, lab, mac, texts):
        for name, text in texts.items():
            with self.subTest(name, way="to guest"):
                lab.copy(text)
                lab.wait(lambda: mac.text() == text, f"{name}: {digest(text)}, not {digest(mac.text())}")
            with self.subTest(name, way="to host"):
                mac.copy(text + b"!")
                lab.wait(lambda: lab.paste() == text + b"!", f"{name} from the guest")

    def test_osascript(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            self.check_texts(lab, mac, TEXTS | SNIFFED)
            status = lab.status(mac)
            self.assertEqual((status["sent"], status["received"]), (len(TEXTS | SNIFFED),) * 2)
            lab.copy(b"")
            lab.wait(lambda: mac.text() == b"", "the empty text in the guest")
            mac.copy(b"not empty")
            lab.wait(lambda: lab.paste() == b"not empty")
            mac.copy(b"")
            lab.wait(lambda: lab.paste() == b"", "the empty text")

    def test_pbcopy(self):
        """Without osascript: text only, and LC_CTYPE keeps pbcopy from taking it for Mac OS Roman."""
        with cliplab.Lab() as lab:
            mac = lab.mac(agents=("pbcopy", "pbpaste"))
            lab.sync(mac)
            self.assertIn("pbcopy", lab.clip("status", mac).out)
            self.check_texts(lab, mac, TEXTS)
            before = mac.text()
            for text in SNIFFED.values():
                lab.copy(text)
            lab.copy(b"after them")
            lab.wait(lambda: mac.text() == b"after them")
            self.assertNotIn(before, SNIFFED.values())

    def test_locale_trap(self):
        """The mock does to pbcopy what macOS does, or the test above would prove nothing."""
        with cliplab.Lab(display=False) as lab:
            mac = lab.mac()
            for locale, expected in (("LC_CTYPE=C", "‚Äî"), ("LC_CTYPE=UTF-8", "—")):
                harness.run([lab.ssh, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", mac.port,
                             "127.0.0.1", f"{locale} pbcopy"], input="—".encode(), env=lab.env)
                self.assertEqual(mac.text().decode(), expected)

    def test_types(self):
        png, tiff = RANDOM.randbytes(3 << 20), b"II*\0" + RANDOM.randbytes(70000)
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            for target, uti, data in (("image/png", "public.png", png), ("image/tiff", "public.tiff", tiff),
                                      ("text/html", "public.html", b"<b>\xc3\xa9</b>"),
                                      ("text/rtf", "public.rtf", b"{\\rtf1 x}")):
                with self.subTest(target):
                    lab.copy(data, target)
                    lab.wait(lambda: mac.get(uti) == data, f"{target} in the guest")
                    mac.put({uti: data[::-1]})
                    lab.wait(lambda: lab.paste(target) == data[::-1], f"{target} on the host")
            mac.put({TEXT: b"t", "public.html": b"<i>t</i>", "public.png": png, "com.apple.cocoa.pasteboard": b"?"})
            lab.wait(lambda: "image/png" in lab.targets() and "text/html" in lab.targets())
            self.assertEqual((lab.paste(), lab.paste("text/html"), lab.paste("image/png")), (b"t", b"<i>t</i>", png))

    def test_not_text(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            mac.copy(b"\xff\xfe not UTF-8")
            mac.copy(b"\xff again")
            lab.copy(b"\xff neither")
            mac.copy(b"good")
            lab.wait(lambda: lab.paste() == b"good")
            self.assertEqual(lab.status(mac)["sent"], 0)

    def test_caps(self):
        text = b"x" * (16 << 20)
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.sync(mac)
            lab.copy(text)
            lab.wait(lambda: mac.text() == text, "16 MiB in the guest")
            mac.copy(text[::-1] + b"y")  # a byte too many
            lab.copy(text + b"x")
            mac.copy(b"short")
            lab.wait(lambda: lab.paste() == b"short", "what follows")
            mac.copy(text)
            lab.wait(lambda: lab.paste() == text, "16 MiB on the host")
            self.assertEqual(lab.status(mac)["sent"], 1)
            mac.put({TEXT: b"with a picture", "public.png": b"x" * ((32 << 20) + 1)})
            lab.wait(lambda: lab.paste() == b"with a picture", "the text beside what is too long")
            self.assertIsNone(lab.paste("image/png"))
            self.assertIn(b"cannot take 'image/png' from the guest: it is too long", lab.log())

    def test_push_and_pull(self):
        for agents in (("osascript", "pbcopy", "pbpaste"), ("pbcopy", "pbpaste")):
            with self.subTest(agents), cliplab.Lab() as lab:
                mac = lab.mac(agents=agents)
                lab.copy("é\n".encode())
                lab.clip("push", mac)
                self.assertEqual(mac.text().decode(), "é\n")
                mac.copy("ü\n".encode())
                lab.clip("pull", mac)
                self.assertEqual(lab.paste().decode(), "ü\n")
                self.assertFalse(lab.status(mac)["running"])
                lab.copy(b"ends the one that served the pull")
                lab.wait(lambda: not harness.belonging(lab.dir / "run"), "nothing of macvm's to run")

    def test_pull_is_once(self):
        """The one that serves what was pulled leaves the guest's next copies, and the host's, where they are."""
        with cliplab.Lab() as lab:
            mac = lab.mac()
            mac.copy(b"pulled")
            lab.clip("pull", mac)
            mac.copy(b"copied later")
            time.sleep(1)
            self.assertEqual(lab.paste(), b"pulled")
            lab.copy(b"copied on the host")
            lab.wait(lambda: not harness.belonging(lab.dir / "run"), "nothing of macvm's to run")
            self.assertEqual(mac.text(), b"copied later")

    def test_one_type_is_not_to_be_had(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            with xowner.Owner(lab.display, {"UTF8_STRING": b"\xff", "text/html": b"<b>x</b>"}):
                lab.clip("push", mac)
            self.assertEqual((mac.text(), mac.get("public.html")), (None, b"<b>x</b>"))
            mac.put({TEXT: b"\xff", "public.html": b"<b>y</b>"})
            lab.clip("pull", mac)
            self.assertEqual((lab.paste(), lab.paste("text/html")), (None, b"<b>y</b>"))

    def test_push_through_the_agent(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.copy(b"there before")
            mac.copy(b"there, too")
            lab.sync(mac)
            lab.clip("pull", mac)
            self.assertEqual(lab.paste(), b"there, too")
            lab.copy(b"x")
            lab.wait(lambda: mac.text() == b"x")
            lab.clip("push", mac)
            self.assertEqual(mac.text(), b"x")
            mac.copy(b"from the guest")
            lab.wait(lambda: lab.paste() == b"from the guest")
            lab.clip("push", mac, timeout=20)
            self.assertEqual(mac.text(), b"from the guest")
            lab.copy(b"y")
            lab.wait(lambda: mac.text() == b"y")
            xowner.clear(lab.display)
            lab.wait(lambda: mac.text() is None)
            lab.clip("push", mac, expect=3)
            lab.clip("pull", mac, expect=3)

    def test_nothing_to_push(self):
        with cliplab.Lab() as lab:
            mac = lab.mac()
            lab.clip("push", mac, expect=3)
            lab.clip("pull", mac, expect=3)


if __name__ == "__main__":
    harness.main()
