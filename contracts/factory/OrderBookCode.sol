// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderBook} from "../OrderBook.sol";
import {CodeStore} from "./CodeStore.sol";

/// @title OrderBookCode
/// @notice Keeps the creation code of {OrderBook}.
contract OrderBookCode is CodeStore {
    constructor() CodeStore(type(OrderBook).creationCode) {}
}
