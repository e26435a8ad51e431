"""A HID POS scanner for whoever runs with LD_PRELOAD=libumockdev-preload.so.0 and our UMOCKDEV_DIR (umockdev; no kernel device is needed).

Prints the testbed's folder, then obeys lines: `plug`, `report HEX`, `pause`, `unplug`; answers each with `ok`. Run under umockdev-wrapper.
"""
import os
import sys
import time

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

# Usage page 0x8C (bar code scanner), usage 0x02; input report 2 of 63 bytes.
DESCRIPTOR = bytes.fromhex("058c0902a1018502150026ff007508953f09fe8102c0")

testbed = UMockdev.Testbed.new()
plugged = {"number": -1, "fd": -1}


def nodes(number):
    usb = f"/devices/usb1/1-{number + 1}"
    interface = f"{usb}/1-{number + 1}:1.0"
    hid = f"{interface}/0003:0C2E:0901.{number + 1:04X}"
    raw = f"{hid}/hidraw/hidraw{number}"
    return usb, interface, hid, raw


def plug():
    number = plugged["number"] = plugged["number"] + 1
    usb, interface, hid, raw = nodes(number)
    # What an earlier device left here would lead the next one to its terminal.
    terminals = os.path.join(testbed.get_root_dir(), "dev", ".ptymap")
    for left in os.listdir(terminals) if os.path.isdir(terminals) else ():
        os.unlink(os.path.join(terminals, left))
    testbed.add_from_string(
        f"P: {raw}\nN: hidraw{number}\nE: DEVNAME=/dev/hidraw{number}\nE: SUBSYSTEM=hidraw\nA: dev=240:{number}\n\n"
        f"P: {hid}\nE: SUBSYSTEM=hid\nE: DRIVER=hid-generic\nE: HID_ID=0003:00000C2E:00000901\nE: HID_NAME=Specimen Scanner\nE: HID_PHYS=usb-1\n"
        f"E: HID_UNIQ=SPECIMEN{number}\nH: report_descriptor={DESCRIPTOR.hex()}\n\n"
        f"P: {interface}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\nA: bInterfaceNumber=00\n\n"
        f"P: {usb}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: idVendor=0c2e\nA: idProduct=0901\nA: manufacturer=Specimen\nA: product=Scanner\n"
        f"A: serial=SPECIMEN{number}\nA: bcdDevice=0100\n"
    )
    length = len(DESCRIPTOR)
    little = length.to_bytes(4, "little").hex()
    ioctls = os.path.join(testbed.get_root_dir(), f"hidraw{number}.ioctl")
    with open(ioctls, "w") as file:
        file.write(
            f"@DEV /dev/hidraw{number}\nHIDIOCGRDESCSIZE 0 {little}\nHIDIOCGRDESC 0 {little}{DESCRIPTOR.ljust(4096, bytes(1)).hex()}\n"
        )
    testbed.load_ioctl(None, ioctls)
    plugged["fd"] = testbed.get_dev_fd(f"/dev/hidraw{number}")


def unplug():
    os.close(plugged["fd"])
    usb, interface, hid, raw = nodes(plugged["number"])
    for node in (raw, hid, interface, usb):
        testbed.uevent(f"/sys{node}", "remove")
        testbed.remove_device(f"/sys{node}")


print(testbed.get_root_dir(), flush=True)
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "plug":
        plug()
    elif word == "unplug":
        unplug()
    elif word == "report":
        os.write(plugged["fd"], bytes.fromhex(rest))
    elif word == "pause":
        # As the polling interval of a USB device; the terminal behind a report has no bounds between two of them.
        time.sleep(0.02)
    print("ok", flush=True)
