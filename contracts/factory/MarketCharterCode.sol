// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {MarketCharter} from "../MarketCharter.sol";
import {CodeStore} from "./CodeStore.sol";

/// @title MarketCharterCode
/// @notice Keeps the creation code of {MarketCharter}.
contract MarketCharterCode is CodeStore {
    constructor() CodeStore(type(MarketCharter).creationCode) {}
}
