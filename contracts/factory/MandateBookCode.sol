// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {MandateBook} from "../MandateBook.sol";
import {CodeStore} from "./CodeStore.sol";

/// @title MandateBookCode
/// @notice Keeps the creation code of {MandateBook}.
contract MandateBookCode is CodeStore {
    constructor() CodeStore(type(MandateBook).creationCode) {}
}
