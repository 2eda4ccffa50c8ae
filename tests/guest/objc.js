// SPDX-License-Identifier: LGPL-2.1-or-later
//
// As much of JavaScript for Automation's Objective-C bridge as templates/guest-agent.js uses, over
// the function native() of tests/guest/bin/osascript. Methods without arguments are properties, as
// in the bridge; what the agent uses and this does not have is an error there, too.
var ObjC, $;

(function () {
    var nil = {isNil: function () { return true; }};

    function getter(object, name, get) {
        Object.defineProperty(object, name, {get: get});
        return object;
    }

    function wrap(object) {
        object.isNil = function () { return false; };
        return object;
    }

    function NSString(text) {
        return wrap({
            js: text,
            dataUsingEncoding: function () { return NSData(new TextEncoder().encode(text)); },
        });
    }

    function isEqual(a, b) {
        var i;

        for (i = 0; a.length === b.length && i < a.length; i++)
            if (a[i] !== b[i])
                return false;
        return a.length === b.length;
    }

    function join(pieces, length) {
        var joined = new Uint8Array(length), at = 0;

        pieces.forEach(function (piece) {
            joined.set(piece, at);
            at += piece.length;
        });
        return joined;
    }

    // NSData and NSMutableData; pieces are joined when somebody needs the bytes.
    function NSData(bytes) {
        var pieces = [bytes], length = bytes.length;
        var data = wrap({
            mutableBytes: {},
            appendData: function (other) {
                pieces.push(other.bytes);
                length += other.length;
            },
            isEqualToData: function (other) { return isEqual(data.bytes, other.bytes); },
        });

        getter(data, 'length', function () { return length; });
        return getter(data, 'bytes', function () {
            if (pieces.length > 1)
                pieces = [join(pieces, length)];
            return pieces[0];
        });
    }

    function NSArray(values) {
        return wrap({
            values: values,
            count: values.length,
            objectAtIndex: function (index) { return values[index]; },
        });
    }

    function lines(text) {
        return text === null || text === '' ? [] : text.split('\n');
    }

    function decode(data) {
        try {
            return NSString(new TextDecoder('utf-8', {fatal: true, ignoreBOM: true})
                                .decode(data.bytes));
        } catch (e) {
            return nil;
        }
    }

    function items(types) {
        return [types, lines(native('flag', 'item-types'))].map(function (list) {
            return {types: NSArray(list)};
        });
    }

    function makeBoard() {
        var own = -1; // the change count of our own content
        var board = wrap({
            dataForType: function (type) {
                var bytes = native('get', type);

                return bytes === null ? nil : NSData(bytes);
            },
            prepareForNewContentsWithOptions: function () {
                own = native('prepare');
                native('steal');
                return own;
            },
            setDataForType: function (data, type) {
                return native('put', type, data.bytes, String(own)) === 1;
            },
            respondsToSelector: function () { return false; },
        });

        getter(board, 'changeCount', function () { return native('count'); });
        getter(board, 'types', function () { return NSArray(lines(native('names'))); });
        return getter(board, 'pasteboardItems', function () {
            var types = lines(native('names'));

            return types.length === 0 ? nil : NSArray(items(types));
        });
    }

    ObjC = {
        import: function () {},
        bindFunction: function (name) {
            if (native('flag', 'no-poll') !== null)
                throw new Error('no poll');
            $[name] = function (pollfd, count, milliseconds) {
                return native('poll', milliseconds);
            };
        },
        deepUnwrap: function (array) { return array.isNil() ? undefined : array.values; },
    };
    $ = function (value) { return value === undefined ? nil : NSString(value); };
    $.NSString = {alloc: {initWithDataEncoding: decode}};
    $.NSData = {alloc: {initWithBase64EncodedStringOptions: function (text) {
        return NSData(Duktape.dec('base64', text));
    }}};
    $.NSMutableData = {dataWithData: function (data) {
        return NSData(join([data.bytes], data.length));
    }};
    $.NSFileHandle = {
        fileHandleWithStandardInput: {readDataOfLength: function (length) {
            return NSData(native('read', length));
        }},
        fileHandleWithStandardOutput: {writeData: function (data) { native('write', data.bytes); }},
    };
    $.NSPasteboard = {generalPasteboard: makeBoard()};
    $.NSProcessInfo = {processInfo: {operatingSystemVersionString: NSString('Version 0 (mock)')}};
    $.NSUserName = function () { return NSString(native('user')); };
    $.NSFileManager = {defaultManager: {attributesOfItemAtPathError: function () {
        return wrap({objectForKey: function () {
            return NSString(native('flag', 'console') || native('user'));
        }});
    }}};
})();
