/*
 * The Python binding: `language()` hands the grammar to tree-sitter's `Language` as a capsule.
 */

#include <Python.h>

typedef struct TSLanguage TSLanguage;

const TSLanguage *tree_sitter_adal(void);

static PyObject *language(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(arguments)) {
  return PyCapsule_New((void *)tree_sitter_adal(), "tree_sitter.Language", NULL);
}

static PyMethodDef methods[] = {
    {"language", language, METH_NOARGS, PyDoc_STR("The grammar, as a capsule for `tree_sitter.Language`.")},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_grammar",
    .m_doc = PyDoc_STR("The tree-sitter grammar of `.adal` files."),
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__grammar(void) { return PyModuleDef_Init(&definition); }
