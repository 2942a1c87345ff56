// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMandateBook} from "./interfaces/IMandateBook.sol";
import {IMarginVaultState} from "./interfaces/IMarginVaultState.sol";
import {IMarketFactory, MarketAddresses} from "./interfaces/IMarketFactory.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IReserveLedger} from "./interfaces/IReserveLedger.sol";
import {TermsMath} from "./libraries/TermsMath.sol";
import {TokenScale} from "./libraries/TokenScale.sol";
import {BatchModule} from "./modules/BatchModule.sol";
import {LiquidationModule} from "./modules/LiquidationModule.sol";
import {MarginModule} from "./modules/MarginModule.sol";
import {PoolModule} from "./modules/PoolModule.sol";
import {PowersModule} from "./modules/PowersModule.sol";
import {TradeModule} from "./modules/TradeModule.sol";
import {Market, SETTLED} from "./types/Market.sol";
import {CurveParameters, MarketParameters} from "./types/MarketParameters.sol";
import {Position} from "./types/Position.sol";

/// @title MarginVault
/// @notice Holds the margin of every position of one market in separate ledgers. Composes the modules and exposes what
/// they store.
contract MarginVault is BatchModule, TradeModule, MarginModule, LiquidationModule, PoolModule, PowersModule {
    using SafeCast for uint256;

    /// @dev Reads its parameters from the factory that creates it; the charter has held them against the bounds.
    constructor() {
        (MarketParameters memory parameters, MarketAddresses memory addresses) = IMarketFactory(msg.sender)
            .deployment();
        _token = IERC20(parameters.collateralToken);
        _oracle = IOracle(parameters.oracle);
        _pool = IReserveLedger(addresses.liquidityVault);
        _orderBook = addresses.orderBook;
        _charter = addresses.charter;
        _mandateBook = IMandateBook(addresses.mandateBook);
        _scale = TokenScale.scaleOf(IERC20Metadata(parameters.collateralToken).decimals());
        _sequencerGrace = parameters.sequencerGrace;
        _protocolFeeShare = parameters.protocolFeeShare;

        CurveParameters memory curves_ = parameters.curves;
        _skewScale = curves_.skewScale;
        _fundingScale = curves_.fundingScale;
        _maxFundingRate = curves_.maxFundingRate;
        // All four are bounded by ParameterBounds, well below 64 bits.
        _borrowCurve =
            curves_.kinkUtilization |
            (curves_.minBorrowRate << 64) |
            (curves_.kinkBorrowRate << 128) |
            (curves_.maxBorrowRate << 192);

        _maxOpenInterest = parameters.maxOpenInterest.toUint128();
        _latestTermsId = 1;
        (_terms[1].margins, _terms[1].trades) = TermsMath.pack(parameters.terms);
        _market.accruedAt = uint40(block.timestamp);
        _market.sequence = 1;
        emit TermsStored(1, 1, _terms[1].margins, _terms[1].trades);
    }

    /// @dev What verification left comes back from the oracle and is returned within the same call.
    receive() external payable {
        require(msg.sender == address(_oracle), NotAuthorized(msg.sender));
    }

    /// @inheritdoc IMarginVaultState
    /// @dev A struct of words lies in memory as the ABI wants it, here and in {market}: the compiler's own encoding of the
    /// two takes 500 bytes.
    function position(uint256 positionId) external view returns (Position memory stored) {
        stored = _positions[positionId];
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            return(stored, 0x160)
        }
    }

    /// @inheritdoc IMarginVaultState
    function market() external view returns (Market memory stored) {
        stored = _market;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            return(stored, 0x1e0)
        }
    }

    /// @inheritdoc IMarginVaultState
    function claimable(address account) external view returns (uint256) {
        return _claimable[account];
    }

    /// @inheritdoc IMarginVaultState
    function pendingMarketOrders(uint256 positionId) external view returns (uint256) {
        return _pendingMarketOrders[positionId];
    }

    /// @inheritdoc IMarginVaultState
    function isLocked() external view returns (bool) {
        return _locked != 0;
    }

    /// @inheritdoc IMarginVaultState
    function isSettled() external view returns (bool) {
        return _market.clock == SETTLED;
    }

    /// @inheritdoc IMarginVaultState
    function charter() external view returns (address) {
        return _charter;
    }
}
