/*
 * The bounded cursor of imsg: what was added comes back in the right order of
 * bytes, and no getter takes a byte that is not there.
 */

#include "imsg_util.h"

static void
test_round_trip(void **state)
{
	struct ibuf *buf, view;
	uint64_t n64, h64;
	uint32_t n32, h32;
	uint16_t n16, h16;
	uint8_t n8;
	char str[8];

	(void)state;
	buf = ibuf_dynamic(0, 1000);
	assert_non_null(buf);
	assert_int_equal(ibuf_add_n8(buf, 0xfe), 0);
	assert_int_equal(ibuf_add_n16(buf, 0x0102), 0);
	assert_int_equal(ibuf_add_n32(buf, 0x03040506), 0);
	assert_int_equal(ibuf_add_n64(buf, 0x0708090a0b0c0d0eULL), 0);
	assert_memory_equal(
	    ibuf_data(buf), "\xfe\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe", 15);
	assert_int_equal(ibuf_add_h16(buf, 0x1234), 0);
	assert_int_equal(ibuf_add_h32(buf, 0x12345678), 0);
	assert_int_equal(ibuf_add_h64(buf, UINT64_MAX - 1), 0);
	assert_int_equal(ibuf_add_strbuf(buf, "hello", sizeof(str)), 0);
	assert_int_equal(ibuf_add_zero(buf, 3), 0);
	assert_int_equal(ibuf_add(buf, "tail", 4), 0);
	assert_int_equal(ibuf_size(buf), 15 + 14 + 8 + 3 + 4);

	assert_int_equal(ibuf_get_n8(buf, &n8), 0);
	assert_int_equal(ibuf_get_n16(buf, &n16), 0);
	assert_int_equal(ibuf_get_n32(buf, &n32), 0);
	assert_int_equal(ibuf_get_n64(buf, &n64), 0);
	assert_int_equal(ibuf_get_h16(buf, &h16), 0);
	assert_int_equal(ibuf_get_h32(buf, &h32), 0);
	assert_int_equal(ibuf_get_h64(buf, &h64), 0);
	assert_true(n8 == 0xfe && n16 == 0x0102 && n32 == 0x03040506);
	assert_true(n64 == 0x0708090a0b0c0d0eULL && h16 == 0x1234);
	assert_true(h32 == 0x12345678 && h64 == UINT64_MAX - 1);
	assert_int_equal(ibuf_get_strbuf(buf, str, sizeof(str)), 0);
	assert_memory_equal(str, "hello\0\0", sizeof(str));
	assert_int_equal(ibuf_get_ibuf(buf, 7, &view), 0);
	assert_int_equal(ibuf_size(buf), 0);
	assert_memory_equal(ibuf_data(&view), "\0\0\0tail", 7);
	assert_int_equal(ibuf_skip(&view, 4), 0);
	assert_int_equal(ibuf_size(&view), 3);
	ibuf_rewind(&view);
	assert_int_equal(ibuf_size(&view), 7);
	ibuf_free(buf);
}

/* One way to take bytes, and how many it takes. */
struct getter {
	int (*get)(struct ibuf *, void *);
	size_t len;
};

static int
get_n8(struct ibuf *buf, void *p)
{
	return ((ibuf_get_n8(buf, p)));
}

static int
get_n16(struct ibuf *buf, void *p)
{
	return ((ibuf_get_n16(buf, p)));
}

static int
get_n32(struct ibuf *buf, void *p)
{
	return ((ibuf_get_n32(buf, p)));
}

static int
get_n64(struct ibuf *buf, void *p)
{
	return ((ibuf_get_n64(buf, p)));
}

static int
get_h16(struct ibuf *buf, void *p)
{
	return ((ibuf_get_h16(buf, p)));
}

static int
get_h32(struct ibuf *buf, void *p)
{
	return ((ibuf_get_h32(buf, p)));
}

static int
get_h64(struct ibuf *buf, void *p)
{
	return ((ibuf_get_h64(buf, p)));
}

static int
get_bytes(struct ibuf *buf, void *p)
{
	return ((ibuf_get(buf, p, 5)));
}

static int
get_strbuf(struct ibuf *buf, void *p)
{
	return ((ibuf_get_strbuf(buf, p, 6)));
}

static int
get_view(struct ibuf *buf, void *p)
{
	struct ibuf view;

	if (ibuf_get_ibuf(buf, 7, &view) == -1)
		return (-1);
	return ((ibuf_get(&view, p, 7)));
}

static int
get_skip(struct ibuf *buf, void *p)
{
	memset(p, 0, 3);
	return ((ibuf_skip(buf, 3)));
}

/* Exact allocations, so that a sanitizer sees a byte too many. */
static void
test_truncation(void **state)
{
	static const struct getter getters[] = { { get_n8, 1 }, { get_n16, 2 },
		{ get_n32, 4 }, { get_n64, 8 }, { get_h16, 2 }, { get_h32, 4 },
		{ get_h64, 8 }, { get_bytes, 5 }, { get_strbuf, 6 },
		{ get_view, 7 }, { get_skip, 3 } };
	struct ibuf buf;
	unsigned char out[16], *mem;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(getters) / sizeof(getters[0]); i++) {
		for (len = 0; len <= 10; len++) {
			mem = calloc(1, len);
			ibuf_from_buffer(&buf, mem, len);
			memset(out, 0xaa, sizeof(out));
			errno = 0;
			if (len < getters[i].len) {
				assert_int_equal(getters[i].get(&buf, out), -1);
				assert_int_equal(errno, EBADMSG);
				assert_int_equal(ibuf_size(&buf), len);
			} else {
				assert_int_equal(getters[i].get(&buf, out), 0);
				assert_int_equal(
				    ibuf_size(&buf), len - getters[i].len);
				assert_int_equal(out[0], 0);
			}
			assert_int_equal(out[getters[i].len], 0xaa);
			free(mem);
		}
	}
}

static void
test_empty(void **state)
{
	struct ibuf buf, view;
	char c;

	(void)state;
	ibuf_from_buffer(&buf, NULL, 0);
	assert_int_equal(ibuf_size(&buf), 0);
	assert_null(ibuf_data(&buf));
	assert_int_equal(ibuf_get(&buf, NULL, 0), 0);
	assert_int_equal(ibuf_skip(&buf, 0), 0);
	assert_int_equal(ibuf_get_ibuf(&buf, 0, &view), 0);
	assert_int_equal(ibuf_get_strbuf(&buf, &c, 0), -1);
	assert_int_equal(ibuf_get(&buf, &c, SIZE_MAX), -1);
	assert_int_equal(ibuf_skip(&buf, SIZE_MAX), -1);
	ibuf_free(NULL);
}

static void
test_strbuf(void **state)
{
	struct ibuf buf, *b;
	char field[4] = { 'a', 'b', 'c', 'd' }, out[4] = "xyz";

	(void)state;
	ibuf_from_buffer(&buf, field, sizeof(field));
	errno = 0;
	assert_int_equal(ibuf_get_strbuf(&buf, out, sizeof(out)), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(ibuf_size(&buf), sizeof(field));
	assert_string_equal(out, "xyz");
	field[3] = '\0';
	assert_int_equal(ibuf_get_strbuf(&buf, out, sizeof(out)), 0);
	assert_string_equal(out, "abc");

	b = ibuf_open(16);
	assert_int_equal(ibuf_add_strbuf(b, "four", 4), -1);
	assert_int_equal(errno, EOVERFLOW);
	assert_int_equal(ibuf_add_strbuf(b, "", 0), -1);
	assert_int_equal(ibuf_size(b), 0);
	assert_int_equal(ibuf_add_strbuf(b, "four", 5), 0);
	assert_int_equal(ibuf_add_strbuf(b, "", 11), 0);
	assert_int_equal(ibuf_add_strbuf(b, "", 1), -1);
	assert_int_equal(errno, ERANGE);
	ibuf_free(b);
}

static void
test_limits(void **state)
{
	struct ibuf *buf, view;
	char c[4];
	size_t i;

	(void)state;
	assert_null(ibuf_dynamic(0, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(ibuf_dynamic(2, 1));

	buf = ibuf_dynamic(1, 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(ibuf_add_n8(buf, i & 0xff), 0);
	assert_int_equal(ibuf_add_n8(buf, 0), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(ibuf_add(buf, "", SIZE_MAX), -1);
	assert_null(ibuf_reserve(buf, 1));
	assert_int_equal(ibuf_add_zero(buf, 1), -1);
	assert_int_equal(ibuf_add_zero(buf, 0), 0);
	assert_int_equal(ibuf_size(buf), 1000);
	for (i = 0; i < 1000; i++)
		assert_int_equal(
		    ((unsigned char *)ibuf_data(buf))[i], i & 0xff);
	ibuf_free(buf);

	buf = ibuf_open(4);
	assert_int_equal(ibuf_add_n8(buf, 0x100), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ibuf_add_n16(buf, 0x10000), -1);
	assert_int_equal(ibuf_add_h16(buf, 0x10000), -1);
	assert_int_equal(ibuf_add_n32(buf, 0x100000000ULL), -1);
	assert_int_equal(ibuf_add_h32(buf, 0x100000000ULL), -1);
	assert_int_equal(ibuf_add_n64(buf, 1), -1);
	assert_int_equal(ibuf_size(buf), 0);
	memset(ibuf_reserve(buf, 4), 'x', 4);
	assert_int_equal(ibuf_size(buf), 4);
	ibuf_free(buf);

	ibuf_from_buffer(&view, c, sizeof(c));
	assert_int_equal(ibuf_add_n8(&view, 1), -1);
	assert_int_equal(errno, EINVAL);
}

static void
test_add_ibuf(void **state)
{
	struct ibuf *from, *to;

	(void)state;
	from = ibuf_open(6);
	to = ibuf_dynamic(0, 5);
	assert_int_equal(ibuf_add(from, "abcdef", 6), 0);
	assert_int_equal(ibuf_skip(from, 2), 0);
	assert_int_equal(ibuf_add_ibuf(to, from), 0);
	assert_int_equal(ibuf_size(from), 4);
	assert_memory_equal(ibuf_data(to), "cdef", 4);
	assert_int_equal(ibuf_add_ibuf(to, from), -1);
	assert_int_equal(ibuf_size(to), 4);
	assert_int_equal(ibuf_skip(from, 4), 0);
	assert_int_equal(ibuf_add_ibuf(to, from), 0);
	ibuf_free(from);
	ibuf_free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_add_ibuf),
	};

	return ((cmocka_run_group_tests(tests, NULL, NULL)));
}
